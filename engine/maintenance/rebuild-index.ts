import { rm } from 'node:fs/promises';
import { CatalogFeedSource } from '#engine/index/catalog-feed-source.js';
import {
  DuckdbQueryIndex,
  type DuckdbQueryIndexOptions,
} from '#engine/index/duckdb-query-index.js';
import type { QueryIndex } from '#engine/index/query-index.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import { openExistingStore } from '#engine/store/open-store.js';

export interface IndexMaintenanceOptions {
  readonly dataDir: string;
  readonly index: { readonly memoryLimitBytes: number; readonly threads: number };
}

export interface RebuildProgress {
  /** Entries of the change log that the index has, and all there are. */
  readonly sequence: number;
  readonly sequenceLast: number;
  readonly elapsedMs: number;
}

/**
 * Makes the index anew from the catalogue, while the store is stopped; returns the last state of its progress. A rebuild that is
 * cut off goes on at the next start. Throws `store-unavailable` when another process has the data directory open.
 */
export async function rebuildIndex(
  options: IndexMaintenanceOptions,
  onProgress: (progress: RebuildProgress) => void,
): Promise<RebuildProgress> {
  const store = await openExistingStore({ directory: options.dataDir });
  try {
    const path = dataDirectoryOf(options.dataDir).index;
    for (const suffix of ['', '.wal', '.tmp']) {
      await rm(path + suffix, { force: true, recursive: true });
    }
    const index = await DuckdbQueryIndex.create(path, duckdbOptions(options));
    try {
      return await catchUp(index, store.reader, onProgress);
    } finally {
      await index.close();
    }
  } finally {
    await store.close();
  }
}

/** Applies what the catalogue has and the index has not. */
export async function catchUp(
  index: QueryIndex,
  reader: CatalogReader,
  onProgress: (progress: RebuildProgress) => void,
): Promise<RebuildProgress> {
  const startedAtMs = Date.now();
  const source = new CatalogFeedSource(reader);
  const progress = (): RebuildProgress => ({
    sequence: index.appliedSequence,
    sequenceLast: source.lastSequence(),
    elapsedMs: Date.now() - startedAtMs,
  });
  for (const feed of source.replay(index.appliedSequence)) {
    await index.apply([feed]);
    onProgress(progress());
  }
  return progress();
}

export function duckdbOptions({
  dataDir,
  index,
}: IndexMaintenanceOptions): DuckdbQueryIndexOptions {
  return {
    memoryBytesMax: index.memoryLimitBytes,
    threadCount: index.threads,
    temporaryDirectory: `${dataDirectoryOf(dataDir).index}.tmp`,
  };
}
