import { readdirSync } from 'node:fs';

import type { MicroBench } from './micro-bench.js';

const FOLDER = new URL('.', import.meta.url);

/** The benches of every `*.bench.ts` file of this folder, in the order of the file names. */
export async function discoverMicroBenches(): Promise<readonly MicroBench[]> {
  const files = readdirSync(FOLDER).filter((file) => file.endsWith('.bench.js'));
  const benches: MicroBench[] = [];
  for (const file of files.sort()) {
    const module = (await import(new URL(file, FOLDER).href)) as { microBenches: MicroBench[] };
    benches.push(...module.microBenches);
  }
  return benches;
}
