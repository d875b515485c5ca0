import { existsSync, renameSync, rmSync } from 'node:fs';
import { GantryError } from '#engine/base/error-catalogue.js';
import { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import type { RocksdbColumnOptions } from '#native-bindings/rocksdb/rocksdb-options.js';
import type { BlobReader } from './blob/blob-store.js';
import { StoredBlobReader } from './blob/stored-blob-reader.js';
import type { StoreColumn } from './catalog/catalog-keys.js';
import { CatalogReader } from './catalog/catalog-reader.js';
import { checkManifest } from './check-manifest.js';
import { dataDirectoryOf, prepareDataDirectory } from './data-directory.js';
import { completeOrderedKeys } from './complete-ordered-keys.js';
import { acceptLoss, recoverBlobLog, type LostChanges } from './recover-blob-log.js';

export interface OpenStoreOptions {
  readonly directory: string;
  /** Upper bound of RocksDB's memtables; default 64 MiB. */
  readonly memtableBytesMax?: number;
  /** RocksDB's block cache; default 64 MiB. */
  readonly cacheBytes?: number;
  /** Whether what RocksDB keeps of each table counts towards `cacheBytes`; default false. */
  readonly cachesTableIndexes?: boolean;
  /** Whether it is opened although committed changes are missing; default false. */
  readonly acceptsLoss?: boolean;
  /** Threads for RocksDB's flushes and compactions; default 2. */
  readonly parallelism?: number;
}

/** The store as its owner, the main thread, holds it. */
export interface OpenedStore {
  /** Its `handle` goes to the threads that borrow it. */
  readonly database: RocksdbDatabase<StoreColumn>;
  readonly reader: CatalogReader;
  readonly blobReader: BlobReader;
  /** What is missing of what was committed, where that was accepted. */
  readonly lost: LostChanges | undefined;
  /** Only after all threads that borrowed the database have ended. */
  close(): Promise<void>;
}

/** Shares of the memory budgets, after what an instance writes to each column and how often it is read. */
const columns: Readonly<Record<StoreColumn, RocksdbColumnOptions>> = {
  default: { memtableShare: 1, cacheShare: 1 },
  catalog: { memtableShare: 5, cacheShare: 8 },
  metadata: { memtableShare: 8, cacheShare: 4 },
  frames: { memtableShare: 2, cacheShare: 2 },
  blobs: { memtableShare: 5, cacheShare: 2 },
  changes: { memtableShare: 1, cacheShare: 1 },
};

const mib = 1024 * 1024;

/** As `openStore`, but throws `store-unavailable` when there is no store yet: for programs that only look at one. */
export async function openExistingStore(options: OpenStoreOptions): Promise<OpenedStore> {
  if (!existsSync(dataDirectoryOf(options.directory).formatFile)) {
    throw new GantryError('store-unavailable', 'the data directory holds no store');
  }
  return openStore(options);
}

/**
 * Opens the store in `directory`, which is created where it is missing, and recovers what a crash left. Throws
 * `store-unavailable` when another process has it open, it cannot be read by this program, or it lacks what was committed.
 */
export async function openStore(options: OpenStoreOptions): Promise<OpenedStore> {
  const paths = prepareDataDirectory(options.directory);
  const database = await openCatalog(paths.catalog, options);
  let lost: LostChanges | undefined;
  try {
    lost = recoverBlobLog(database, paths.segments);
    if (lost !== undefined) {
      if (options.acceptsLoss !== true) throw new GantryError('store-unavailable', textOf(lost));
      setIndexAside(paths.index);
      acceptLoss(database, paths.segments, lost);
    }
    completeOrderedKeys(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  const blobReader = new StoredBlobReader(paths.segments, database);
  return {
    database,
    reader: new CatalogReader(database),
    blobReader,
    lost,
    close: async () => {
      blobReader.close();
      await database.close();
    },
  };
}

function textOf({ after, upTo }: LostChanges): string {
  return (
    `the catalogue lacks changes ${after + 1} to ${upTo}, which were committed: its log is damaged; ` +
    'restore a backup, or start with store.acceptsLoss to go on without them'
  );
}

/** It has rows of what is lost, and is made again. */
function setIndexAside(index: string): void {
  for (const suffix of ['.wal', '']) {
    const replaced = `${index}.replaced${suffix}`;
    rmSync(replaced, { recursive: true, force: true });
    if (existsSync(index + suffix)) renameSync(index + suffix, replaced);
  }
}

/** Opens or creates the catalogue alone. Throws `store-unavailable`. */
export async function openCatalog(
  directory: string,
  options: Omit<OpenStoreOptions, 'directory'>,
): Promise<RocksdbDatabase<StoreColumn>> {
  const { memtableBytesMax = 64 * mib, cacheBytes = 64 * mib, parallelism = 2 } = options;
  const { cachesTableIndexes = false } = options;
  try {
    checkManifest(directory);
    return await RocksdbDatabase.open<StoreColumn>(directory, {
      columns,
      memtableBytesMax,
      cacheBytes,
      cachesTableIndexes,
      parallelism,
    });
  } catch (error) {
    throw new GantryError(
      'store-unavailable',
      isLocked(error)
        ? 'the data directory is in use by another process'
        : `the catalogue could not be opened (${causeOf(error)}): restore a backup, or see gantry rebuild-catalog`,
      { cause: error },
    );
  }
}

/** What RocksDB says of it. */
function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}

/** Whether `openStore` threw because another process has the store open. */
export function isStoreInUse(error: unknown): boolean {
  return error instanceof GantryError && isLocked(error.cause);
}

function isLocked(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && (cause as NodeJS.ErrnoException).code === 'LEVEL_LOCKED';
}
