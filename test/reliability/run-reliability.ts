import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { soak } from './soak.js';

const { values } = parseArgs({ options: { minutes: { type: 'string' } } });
const figures = await soak(
  { minutes: Number(values.minutes ?? 60), clients: 4, pauseMs: 20 },
  (text) => process.stderr.write(`${text}\n`),
);
mkdirSync('reliability', { recursive: true });
writeFileSync('reliability/soak.json', `${JSON.stringify(figures, null, 2)}\n`);
