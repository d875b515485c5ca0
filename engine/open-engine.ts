import type { Logger } from './base/logger.js';
import type { Engine } from './engine-types.js';
import { openStore } from './store/open-store.js';
import type { OverwritePolicy } from './threads/task-messages.js';

/** What an engine is opened with; the configuration table says what each value means. */
export interface EngineOptions {
  readonly dataDir: string;
  readonly ingest: {
    readonly arenaBytes: number;
    readonly sessionBytesMax: number;
    readonly spillBytes: number;
    readonly partBytesMax: number;
    readonly parseThreads: number;
  };
  readonly store: {
    readonly blobStore: 'log' | 'rocksdb';
    readonly segmentBytes: number;
    readonly smallBlobBytesMax: number;
    readonly verifyReads: boolean;
    readonly memtableBytes: number;
    readonly blockCacheBytes: number;
    readonly cachesTableIndexes: boolean;
    readonly acceptsLoss: boolean;
    readonly garbageGraceMs: number;
    readonly undeleteWindowMs: number;
    readonly compactionBytesPerSecond: number;
    readonly reserveBytes: number;
    readonly overwrite: OverwritePolicy;
    readonly allowedSopClasses: readonly string[];
    readonly deniedSopClasses: readonly string[];
  };
  readonly scrub: { readonly bytesPerSecond: number; readonly pauseMs: number };
  readonly backup: { readonly directory: string | undefined; readonly bytesPerSecond: number };
  readonly index: {
    readonly memoryLimitBytes: number;
    readonly threads: number;
    readonly queryTimeoutMs: number;
  };
  readonly codec: {
    readonly threads: number;
    readonly queueMax: number;
    readonly frameTimeoutMs: number;
    readonly framePixelsMax: number;
    readonly cacheBytes: number;
    readonly pictureCacheBytes: number;
    readonly lossyQuality: number;
    readonly deriveHtj2k: boolean;
    readonly derivedBytesMax: number;
  };
}

/**
 * Opens the data directory and starts the threads. The main thread owns RocksDB, and the others borrow it: a thread that dies
 * then takes nothing from under the reads of this one. Throws what the store says when the directory cannot be opened.
 */
export async function openEngine(options: EngineOptions, log: Logger): Promise<Engine> {
  const opening = openStore({
    directory: options.dataDir,
    memtableBytesMax: options.store.memtableBytes,
    cacheBytes: options.store.blockCacheBytes,
    cachesTableIndexes: options.store.cachesTableIndexes,
    acceptsLoss: options.store.acceptsLoss,
  });
  // Nobody waits for it yet who could be told.
  opening.catch(() => undefined);
  // RocksDB opens its tables on threads of its own: meanwhile this one loads the rest.
  const { assembleEngine } = await import('./assemble-engine.js');
  return assembleEngine(options, log, opening);
}
