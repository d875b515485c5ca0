/** Memory and use of one column family, as shares of the budgets of its database. */
export interface RocksdbColumnOptions {
  /** Part of `memtableBytesMax`, and of `cacheBytes`, relative to the shares of the other families. */
  readonly memtableShare: number;
  readonly cacheShare: number;
}

export interface RocksdbOptions {
  /** Column families by name; `default` must be among them. Missing ones are created. */
  readonly columns: Readonly<Record<string, RocksdbColumnOptions>>;
  /** Upper bound of all memtables together, reached only while flushes lag behind writes. */
  readonly memtableBytesMax: number;
  readonly cacheBytes: number;
  /** Whether indexes and filters of tables are in the cache too, and not in memory of their own as long as the table is there. */
  readonly cachesTableIndexes: boolean;
  /** Threads for flushes and compactions. */
  readonly parallelism: number;
}

/** The binding keeps up to six memtables, each a quarter of the budget it is given. */
const memtableBudgetOvershoot = 6 / 4;

/** Smallest budget and cache that RocksDB works well with. */
const budgetBytesMin = 1024 * 1024;

/**
 * Options in the words of the binding. WAL compression is off: a commit carries text that its column family compresses later,
 * in the background, and pixels that do not compress. `compaction: 'level'` compresses from level 2 down.
 */
export function nativeOptions(options: RocksdbOptions): Record<string, unknown> {
  const names = Object.keys(options.columns);
  const columns: Record<string, unknown> = {};
  const memtableShares = sumOf(options, 'memtableShare');
  const cacheShares = sumOf(options, 'cacheShare');
  for (const name of names) {
    const column = options.columns[name]!;
    const memtableBytes = (options.memtableBytesMax * column.memtableShare) / memtableShares;
    columns[name] = {
      compaction: 'level',
      compression: false,
      memtableMemoryBudget: atLeastMin(memtableBytes / memtableBudgetOvershoot),
      cacheSize: atLeastMin((options.cacheBytes * column.cacheShare) / cacheShares),
      cacheIndexAndFilterBlocks: options.cachesTableIndexes,
    };
  }
  return {
    columns,
    compaction: 'level',
    compression: false,
    walCompression: false,
    parallelism: options.parallelism,
    createIfMissing: true,
  };
}

function sumOf(options: RocksdbOptions, share: keyof RocksdbColumnOptions): number {
  return Object.values(options.columns).reduce((sum, column) => sum + column[share], 0);
}

function atLeastMin(bytes: number): number {
  return Math.max(budgetBytesMin, Math.floor(bytes));
}
