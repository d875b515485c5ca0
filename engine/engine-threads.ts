import { MessageChannel, type MessagePort } from 'node:worker_threads';
import { compileCodecs } from './codec/codec-set.js';
import type { EngineOptions } from './open-engine.js';
import { dataDirectoryOf } from './store/data-directory.js';
import type { OpenedStore } from './store/open-store.js';
import { defaultStoreThreadOptions } from './store/store-thread-options.js';
import type { Arena } from './threads/arena.js';
import { CodecPool } from './threads/codec-pool.js';
import { IndexThread, type IndexThreadStart } from './threads/index-thread.js';
import { lendHandle } from './threads/lend-handle.js';
import { ParsePool } from './threads/parse-pool.js';
import { StoreThread, type StoreThreadStart } from './threads/store-thread.js';

/** What an engine does not do without; the thread of the maintenance comes later. */
export interface EngineThreads {
  readonly storeThread: StoreThread;
  readonly indexThread: IndexThread;
  readonly parsePool: ParsePool;
  readonly codecPool: CodecPool;
}

/**
 * They load their code while the store opens its tables. When this rejects, no thread is left: each of them has the catalogue
 * open.
 */
export async function startThreads(
  options: EngineOptions,
  { opening, arena }: { readonly opening: Promise<OpenedStore>; readonly arena: Arena },
  {
    onFailed,
    onRebuilding,
    onProblem,
  }: Pick<IndexThreadStart, 'onFailed' | 'onRebuilding'> & Pick<StoreThreadStart, 'onProblem'>,
): Promise<EngineThreads> {
  const feed = new MessageChannel();
  const lend = (): MessagePort => lendHandle(opening.then(({ database }) => database.handle));
  const startingStore = StoreThread.start({
    arena: arena.buffer,
    directory: options.dataDir,
    databasePort: lend(),
    indexPort: feed.port1,
    options: {
      ...defaultStoreThreadOptions,
      blobStore: options.store.blobStore === 'log' ? 'log' : 'values',
      segmentBytes: options.store.segmentBytes,
      valueBytesMax: options.store.smallBlobBytesMax,
      garbageGraceMs: options.store.garbageGraceMs,
      undeleteWindowMs: options.store.undeleteWindowMs,
      compactionBytesPerSecondMax: options.store.compactionBytesPerSecond,
      reserveBytes: options.store.reserveBytes,
    },
    onFailed,
    onRemoved: (files) =>
      void opening.then(({ blobReader }) => files.forEach((file) => blobReader.forgetFile(file))),
    onProblem,
  });
  const startingIndex = IndexThread.start({
    path: dataDirectoryOf(options.dataDir).index,
    feedPort: feed.port2,
    databasePort: lend(),
    memoryBytesMax: options.index.memoryLimitBytes,
    threadCount: options.index.threads,
    queryTimeoutMs: options.index.queryTimeoutMs,
    onFailed,
    onRebuilding,
  });
  const [store, index] = await Promise.allSettled([startingStore, startingIndex]);
  if (store.status === 'rejected' || index.status === 'rejected') {
    if (store.status === 'fulfilled') await store.value.close();
    if (index.status === 'fulfilled') await index.value.close();
  }
  const storeThread = valueOf(store);
  const indexThread = valueOf(index);
  const parsePool = new ParsePool(arena.buffer, options.ingest.parseThreads);
  const codecPool = new CodecPool(compileCodecs, options.codec);
  return { storeThread, indexThread, parsePool, codecPool };
}

/** What was awaited beside others; throws why it failed. */
export function valueOf<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === 'rejected') throw settled.reason;
  return settled.value;
}

/** The store thread commits what is under way first. */
export async function closeThreads({
  codecPool,
  parsePool,
  storeThread,
  indexThread,
}: EngineThreads): Promise<void> {
  await codecPool.close();
  await parsePool.close();
  await storeThread.close();
  await indexThread.close();
}
