import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Engine } from '#engine/engine-types.js';
import { openEngine, type EngineOptions } from '#engine/open-engine.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';

const mib = 1024 * 1024;

/** Small budgets, for engines in the process of a test. */
export const engineOptions: Omit<EngineOptions, 'dataDir'> = {
  ingest: {
    arenaBytes: 64 * mib,
    sessionBytesMax: 64 * mib,
    spillBytes: 32 * mib,
    partBytesMax: 1024 * mib,
    parseThreads: 1,
  },
  store: {
    blobStore: 'log',
    segmentBytes: 64 * mib,
    smallBlobBytesMax: 8 * 1024,
    verifyReads: true,
    memtableBytes: 16 * mib,
    blockCacheBytes: 16 * mib,
    cachesTableIndexes: false,
    acceptsLoss: false,
    garbageGraceMs: 60_000,
    undeleteWindowMs: 0,
    compactionBytesPerSecond: 16 * mib,
    reserveBytes: 0,
    overwrite: 'never',
    allowedSopClasses: [],
    deniedSopClasses: [],
  },
  scrub: { bytesPerSecond: 0, pauseMs: 1000 },
  backup: { directory: undefined, bytesPerSecond: 64 * mib },
  index: { memoryLimitBytes: 128 * mib, threads: 1, queryTimeoutMs: 30_000 },
  codec: {
    threads: 2,
    queueMax: 200,
    frameTimeoutMs: 60_000,
    framePixelsMax: 64 * mib,
    cacheBytes: 16 * mib,
    pictureCacheBytes: 16 * mib,
    lossyQuality: 90,
    deriveHtj2k: false,
    derivedBytesMax: 1024 * mib,
  },
};

const silent = (): void => undefined;

/** Runs `body` with an engine in this process on an empty directory, and removes both afterwards. */
export async function withEngine(
  body: (engine: Engine) => Promise<void>,
  codec: Partial<EngineOptions['codec']> = {},
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'gantry-test-'));
  const options = { ...engineOptions, dataDir, codec: { ...engineOptions.codec, ...codec } };
  const log = { debug: silent, info: silent, warn: silent, error: silent };
  const engine = await openEngine(options, log);
  try {
    await body(engine);
  } finally {
    await engine.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}

/** Stores one file in a partition and returns its record. */
export async function storeFile(
  engine: Engine,
  partition: number,
  file: string | Uint8Array,
): Promise<InstanceRecord> {
  const session = engine.openStoreSession({ partition, correlationId: 'test', onDrain: silent });
  session.beginInstance();
  session.write(typeof file === 'string' ? await readFile(file) : file);
  const outcome = await session.endInstance();
  session.close();
  if (outcome.result === 'failed') throw outcome.error;
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = outcome;
  const target = { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid };
  for (const [record] of engine.instancePages(target)) if (record !== undefined) return record;
  throw new Error('the stored instance is not found');
}

/** The bytes of one frame. */
export async function readFrame(
  engine: Engine,
  address: { readonly partition: number; readonly record: InstanceRecord; readonly number: number },
  transferSyntaxUid?: string,
): Promise<Buffer> {
  const { partition, record, number } = address;
  const source = await engine.retrieveFrame(partition, record, number, transferSyntaxUid);
  const bytes = Buffer.alloc(source.length);
  for (let at = 0; at < bytes.length;) at += await source.read(at, bytes.subarray(at));
  return bytes;
}
