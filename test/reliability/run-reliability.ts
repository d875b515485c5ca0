import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment } from '#bench/harness/environment-record.js';
import { repositoryRoot } from '#test/helpers/repository.js';
import { bitRot } from './bit-rot.js';
import { failedSyncs } from './failed-syncs.js';
import { kills } from './kills.js';
import { reportText, type StoredResults } from './report-text.js';
import type { Figures, Progress } from './scenario.js';
import { soak } from './soak.js';
import { writePrefixes } from './write-prefixes.js';

/**
 * Runs the scenarios, all or those of `--only` (a list with commas), with as many repetitions as `--kills`, `--flips` … say, and
 * writes their figures into docs/RELIABILITY.md beside those of scenarios that ran before.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    kills: { type: 'string', default: '100' },
    prefixes: { type: 'string', default: '10000' },
    syncs: { type: 'string', default: '500' },
    flips: { type: 'string', default: '10000' },
    minutes: { type: 'string', default: '60' },
  },
});

const progress: Progress = (text) => process.stderr.write(`${text}\n`);
const scenarios: Readonly<Record<string, () => Promise<Figures>>> = {
  'kill -9 under mixed load': () => kills(Number(values.kills), progress),
  'write prefixes': () => writePrefixes(Number(values.prefixes), progress),
  'failed syncs': () => failedSyncs(Number(values.syncs), progress),
  'flipped bits': () => bitRot(Number(values.flips), progress),
  soak: () => soak({ minutes: Number(values.minutes), clients: 4, pauseMs: 20 }, progress),
};

const resultsPath = join(repositoryRoot, 'docs/reliability-results.json');
const reportPath = join(repositoryRoot, 'docs/RELIABILITY.md');
const results: StoredResults = existsSync(resultsPath)
  ? (JSON.parse(readFileSync(resultsPath, 'utf8')) as StoredResults)
  : {};
const { cpuModel, cpuCount, gitRevision, nodeVersion } = readEnvironment();
const wanted = values.only?.split(',');
for (const [name, run] of Object.entries(scenarios)) {
  if (wanted !== undefined && !wanted.includes(name)) continue;
  progress(`# ${name}`);
  const startedAtMs = Date.now();
  const figures = await run();
  const date = new Date(startedAtMs).toISOString().slice(0, 10);
  const machine = `${cpuCount} × ${cpuModel}, Node.js ${nodeVersion}, revision ${gitRevision}`;
  results[name] = {
    date,
    machine,
    seconds: Math.round((Date.now() - startedAtMs) / 1000),
    figures,
  };
  writeFileSync(resultsPath, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(reportPath, reportText(results));
}
