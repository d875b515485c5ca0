import {
  closeSync,
  cpSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { rebuildIndex } from '#engine/maintenance/rebuild-index.js';
import { openStore } from '#engine/store/open-store.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { readNumbered, StoreChecker } from './check-store.js';
import type { CheckOutcome } from './check-store.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { StoreBed } from './store-bed.js';

const instances = 28;
const index = { memoryLimitBytes: 128 * 1024 * 1024, threads: 1 };

/**
 * Flips one bit at a random place of a file of the store, one at a time: whether a read ever gives a byte that was not stored.
 * Flips in segments are met by reads alone; after those in RocksDB and DuckDB the store is opened, read and verified, by a process
 * that may crash or hang.
 */
export async function bitRot(flipsMax: number, run: ScenarioRun): Promise<Figures> {
  const directory = await filledDirectory();
  const files = filesOf(directory);
  const opened = temporaryDirectory();
  cpSync(directory, opened, { recursive: true });
  const store = await openStore({ directory: opened });
  const checker = new StoreChecker(instances);
  const counts = new Map<CheckOutcome, number>();
  const byKind = new Map<string, number>();
  for (let flip = 0; flip < flipsMax && !run.isOver(); flip++) {
    const path = files[flip % files.length]!;
    const kind = kindOf(path);
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
    const name = path.slice(directory.length);
    let outcome: CheckOutcome;
    if (kind === 'segments') {
      const undo = flipBit(join(opened, name));
      outcome = await readNumbered(store, instances);
      undo();
    } else {
      const copy = copyOf(directory);
      flipBit(join(copy, name));
      outcome = await checker.check(copy);
      rmSync(copy, { recursive: true });
    }
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    if (flip % 100 === 99) run.progress(`${flip + 1} flips`);
  }
  checker.close();
  await store.close();
  const count = (outcome: CheckOutcome): number => counts.get(outcome) ?? 0;
  return {
    ...Object.fromEntries([...byKind].map(([kind, flips]) => [`flips in ${kind}`, flips])),
    'refused by a read or at the start': count('refused'),
    'found by verify alone': count('found by verify'),
    'harmless to reads and verify': count('harmless'),
    'process crashed at the start or in verify': count('crashed'),
    'start or verify hung and was killed': count('hung'),
    'wrong bytes served': count('served wrong'),
  };
}

/** Half of the instances in table files, half in the log. */
async function filledDirectory(): Promise<string> {
  const directory = temporaryDirectory();
  for (const half of [0, instances / 2]) {
    const bed = await StoreBed.open(directory);
    for (let number = half; number < half + instances / 2; number += 2) {
      bed.commit([number, number + 1]);
    }
    await bed.close();
  }
  await rebuildIndex({ dataDir: directory, index }, () => undefined);
  return directory;
}

/** A copy to be damaged outside of its segments, which nothing writes to and which are therefore linked. */
function copyOf(directory: string): string {
  const copy = temporaryDirectory();
  const segments = join(directory, 'segments');
  cpSync(directory, copy, { recursive: true, filter: (path) => path !== segments });
  mkdirSync(join(copy, 'segments'));
  for (const name of readdirSync(segments)) {
    linkSync(join(segments, name), join(copy, 'segments', name));
  }
  return copy;
}

function filesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(seg|big|sst|log|duckdb)$|MANIFEST/.test(name))
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).size > 0);
}

function kindOf(path: string): string {
  const name = basename(path);
  if (/\.(seg|big)$/.test(name)) return 'segments';
  if (name.endsWith('.duckdb')) return 'the DuckDB file';
  return name.endsWith('.sst') ? 'SST files' : 'WAL and manifest';
}

/** Flips a random bit of the file; returns what puts it back. */
function flipBit(path: string): () => void {
  const at = Math.floor(Math.random() * statSync(path).size);
  const mask = 1 << Math.floor(Math.random() * 8);
  const flip = (): void => {
    const fd = openSync(path, 'r+');
    const byte = Buffer.alloc(1);
    readSync(fd, byte, 0, 1, at);
    byte[0]! ^= mask;
    writeSync(fd, byte, 0, 1, at);
    closeSync(fd);
  };
  flip();
  return flip;
}
