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
import { availableParallelism } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { rebuildIndex } from '#engine/maintenance/rebuild-index.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { StoreChecker } from './check-store.js';
import type { CheckOutcome } from './check-store.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { StoreBed } from './store-bed.js';

const instances = 28;
const index = { memoryLimitBytes: 128 * 1024 * 1024, threads: 1 };
const kinds = ['segments', 'SST files', 'WAL and manifest', 'the DuckDB file'] as const;
/** Outcomes of which the damaged copy is kept, to be looked at. */
const keptOutcomes: readonly CheckOutcome[] = ['served wrong', 'crashed', 'hung'];

/**
 * Flips one bit at a random place of a file of the store, one at a time: whether a read ever gives a byte that was not stored.
 * The store is opened, read and verified by processes that may crash or hang, one for each processor.
 */
export async function bitRot(flipsMax: number, run: ScenarioRun): Promise<Figures> {
  const directory = await filledDirectory();
  const files = filesOf(directory);
  const counts = new Map<string, number>();
  const add = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  let begun = 0;
  let done = 0;
  const flipOnAndOn = async (): Promise<void> => {
    const checker = new StoreChecker(instances);
    while (begun < flipsMax && !run.isOver()) {
      const file = files[begun++ % files.length]!;
      const copy = copyOf(directory, file);
      const flipped = flipBit(join(copy, file));
      const outcome = await checker.check(copy);
      add(`flips in ${kindOf(file)}`);
      add(outcome);
      if (keptOutcomes.includes(outcome)) {
        const kept = `${copy}-kept`;
        cpSync(copy, kept, { recursive: true });
        run.progress(`${outcome}: ${flipped} of ${file}, kept as ${kept}`);
      }
      rmSync(copy, { recursive: true });
      done += 1;
      if (done % 100 === 0) run.progress(`${done} flips`, figuresOf(counts));
    }
    checker.close();
  };
  await Promise.all(Array.from({ length: availableParallelism() }, flipOnAndOn));
  return figuresOf(counts);
}

function figuresOf(counts: ReadonlyMap<string, number>): Figures {
  const count = (outcome: CheckOutcome): number => counts.get(outcome) ?? 0;
  return {
    ...Object.fromEntries(
      kinds.map((kind) => [`flips in ${kind}`, counts.get(`flips in ${kind}`) ?? 0]),
    ),
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

/** A copy of which `file` may be damaged. Large blobs have a file each, which nothing writes to: the others of them are linked. */
function copyOf(directory: string, file: string): string {
  const copy = temporaryDirectory();
  for (const name of namesOf(directory)) {
    const target = join(copy, name);
    mkdirSync(dirname(target), { recursive: true });
    if (name.endsWith('.big') && name !== file) linkSync(join(directory, name), target);
    else cpSync(join(directory, name), target);
  }
  return copy;
}

/** Names of the files below a directory. */
function namesOf(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) =>
    statSync(join(directory, name)).isFile(),
  );
}

function filesOf(directory: string): string[] {
  return namesOf(directory).filter(
    (name) =>
      /\.(seg|big|sst|log|duckdb)$|MANIFEST/.test(name) && statSync(join(directory, name)).size > 0,
  );
}

function kindOf(path: string): (typeof kinds)[number] {
  const name = basename(path);
  if (/\.(seg|big)$/.test(name)) return 'segments';
  if (name.endsWith('.duckdb')) return 'the DuckDB file';
  return name.endsWith('.sst') ? 'SST files' : 'WAL and manifest';
}

/** Flips a random bit of the file; returns which one it was. */
function flipBit(path: string): string {
  const at = Math.floor(Math.random() * statSync(path).size);
  const bit = Math.floor(Math.random() * 8);
  const fd = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(fd, byte, 0, 1, at);
  byte[0]! ^= 1 << bit;
  writeSync(fd, byte, 0, 1, at);
  closeSync(fd);
  return `bit ${bit} of byte ${at}`;
}
