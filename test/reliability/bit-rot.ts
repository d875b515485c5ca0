import {
  closeSync,
  cpSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { GantryError } from '#engine/base/error-catalogue.js';
import { BlobChecksums } from '#engine/pipeline/blob-checksums.js';
import { BlobRangeReader } from '#engine/pipeline/read-blob.js';
import { verifyStore } from '#engine/maintenance/verify-store.js';
import { rebuildIndex } from '#engine/maintenance/rebuild-index.js';
import { openStore } from '#engine/store/open-store.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import { numberedInstance } from '#test/helpers/crash-writer.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { StoreBed } from './store-bed.js';

const instances = 28;
const index = { memoryLimitBytes: 128 * 1024 * 1024, threads: 1 };

type Outcome = 'refused' | 'harmless' | 'served wrong';

/**
 * Flips one bit at a random place of a file of the store, one at a time: whether a read ever gives a byte that was not stored.
 * Flips in segments are met by reads alone; after those in RocksDB and DuckDB the store is opened, read and verified.
 */
export async function bitRot(flipsMax: number, run: ScenarioRun): Promise<Figures> {
  const directory = await filledDirectory();
  const files = filesOf(directory);
  const opened = temporaryDirectory();
  cpSync(directory, opened, { recursive: true });
  const store = await openStore({ directory: opened });
  const counts: Record<Outcome, number> = { refused: 0, harmless: 0, 'served wrong': 0 };
  const byKind = new Map<string, number>();
  let undetected = 0;
  for (let flip = 0; flip < flipsMax && !run.isOver(); flip++) {
    const path = files[flip % files.length]!;
    const kind = kindOf(path);
    byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
    const name = path.slice(directory.length);
    if (kind === 'segments') {
      const undo = flipBit(join(opened, name));
      counts[await readAll(store)] += 1;
      undo();
    } else {
      const copy = temporaryDirectory();
      cpSync(directory, copy, { recursive: true });
      flipBit(join(copy, name));
      const outcome = await openAndReadAll(copy);
      counts[outcome] += 1;
      // No read noticed it: what may have changed is for verify to say.
      if (outcome === 'harmless') {
        const { problemCount } = await verifyStore({ dataDir: copy, index }, () => undefined);
        if (problemCount > 0) undetected += 1;
      }
      rmSync(copy, { recursive: true });
    }
    if (flip % 100 === 99) run.progress(`${flip + 1} flips`);
  }
  await store.close();
  return {
    ...Object.fromEntries([...byKind].map(([kind, count]) => [`flips in ${kind}`, count])),
    'refused by a read or at the start': counts.refused,
    'harmless to reads': counts.harmless,
    'of those found by verify': undetected,
    'wrong bytes served': counts['served wrong'],
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

async function openAndReadAll(directory: string): Promise<Outcome> {
  let store: OpenedStore;
  try {
    store = await openStore({ directory });
  } catch {
    return 'refused';
  }
  try {
    return await readAll(store);
  } finally {
    await store.close();
  }
}

/** Reads every instance as a retrieve does. */
async function readAll(store: OpenedStore): Promise<Outcome> {
  const checksums = new BlobChecksums(store.reader);
  const damage = { note: () => undefined, refuseKnown: () => undefined };
  const reader = new BlobRangeReader({ blobs: store.blobReader, checksums, damage });
  const outcomes: Outcome[] = [];
  for (let number = 0; number < instances; number++) {
    outcomes.push(await readOne(store, reader, number));
  }
  const isIn = (outcome: Outcome): boolean => outcomes.includes(outcome);
  return isIn('served wrong') ? 'served wrong' : isIn('refused') ? 'refused' : 'harmless';
}

async function readOne(
  store: OpenedStore,
  reader: BlobRangeReader,
  number: number,
): Promise<Outcome> {
  const { study, series, sop, received } = numberedInstance(number);
  const key = { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
  try {
    const record = store.reader.findInstance(0, key);
    if (record === undefined) return 'served wrong';
    const bytes = Buffer.alloc(record.blob.length);
    await reader.read({ partition: 0, record }, 0, bytes);
    return bytes.equals(received) ? 'harmless' : 'served wrong';
  } catch (error) {
    if (error instanceof GantryError && error.code === 'corrupt') return 'refused';
    throw error;
  }
}
