import { NativeRocksdb } from './rocksdb-binding.js';
import type { NativeColumnOption, NativeDatabase, NativeEncoding } from './rocksdb-binding.js';
import { RocksdbBatch } from './rocksdb-batch.js';
import { nativeOptions } from './rocksdb-options.js';
import type { RocksdbOptions } from './rocksdb-options.js';

/** Part of a column family between two keys; at most `limit` entries and little more than `bytesMax` bytes are read. */
export interface RocksdbRange {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit: number;
  readonly bytesMax?: number;
  /** False reads keys only; `values` is then empty. */
  readonly values?: boolean;
}

export interface RocksdbPage<Item = Buffer> {
  readonly keys: readonly Item[];
  readonly values: readonly Item[];
  /** True when entries after these were left out, because of `limit` or `bytesMax`. */
  readonly isCut: boolean;
}

const rangeBytesMax = 8 * 1024 * 1024;

/**
 * A RocksDB database, read synchronously. One thread opens and closes it, and what it calls afterwards throws; other threads
 * borrow it by `handle` and must have stopped before: theirs would be a crash of the process, not an exception.
 */
export class RocksdbDatabase<Column extends string> {
  readonly #database: NativeDatabase;
  readonly #columns: Readonly<Record<Column, NativeColumnOption>>;
  readonly #isOwner: boolean;
  #isClosed = false;

  private constructor(native: NativeDatabase, isOwner: boolean) {
    this.#database = native;
    this.#isOwner = isOwner;
    this.#columns = Object.fromEntries(
      Object.entries(native.columns).map(([name, column]) => [name, { column }]),
    ) as Record<Column, NativeColumnOption>;
  }

  /** Opens or creates the database in `directory`. Rejects with code `LEVEL_LOCKED` in `cause` when another process has it. */
  static async open<Column extends string>(
    directory: string,
    options: RocksdbOptions & { readonly columns: Readonly<Record<Column, unknown>> },
  ): Promise<RocksdbDatabase<Column>> {
    const native = new NativeRocksdb(directory, nativeOptions(options));
    await native.open();
    return new RocksdbDatabase<Column>(native, true);
  }

  /** The database that another thread of this process opened and keeps open. */
  static async borrow<Column extends string>(handle: bigint): Promise<RocksdbDatabase<Column>> {
    const native = new NativeRocksdb(handle, { createIfMissing: false });
    await native.open();
    return new RocksdbDatabase<Column>(native, false);
  }

  /** Names the open database for `borrow` in a thread of this process. */
  get handle(): bigint {
    return this.#native.handle;
  }

  get(column: Column, key: Uint8Array): Buffer | undefined {
    return this.getMany(column, [key])[0];
  }

  /** Values in the order of `keys`, read in one native call. */
  getMany(column: Column, keys: readonly Uint8Array[]): (Buffer | undefined)[] {
    if (keys.length === 0) return [];
    const values = this.#native._getManySync(keys, this.#columns[column]);
    if (values.includes(null)) throw new Error('rocksdb left out values of a multi-get');
    return values as (Buffer | undefined)[];
  }

  /** One page of entries in key order (descending when `reverse`). The iterator lives only inside the call. */
  range(column: Column, range: RocksdbRange): RocksdbPage {
    return this.#query<Buffer>(column, range, 'buffer');
  }

  /**
   * As `range`, of text, at a quarter of the cost: each Buffer has memory of its own. What is not UTF-8 in a key or value comes as
   * U+FFFD.
   */
  rangeTexts(column: Column, range: RocksdbRange): RocksdbPage<string> {
    return this.#query<string>(column, range, 'utf8');
  }

  #query<Item extends Buffer | string>(
    column: Column,
    range: RocksdbRange,
    encoding: NativeEncoding<Item>,
  ): RocksdbPage<Item> {
    const { gte, gt, lt, reverse = false, limit, bytesMax = rangeBytesMax } = range;
    const withValues = range.values ?? true;
    const { rows, finished } = this.#native.querySync<Item>({
      column: this.#columns[column].column,
      ...(gte === undefined ? {} : { gte }),
      ...(gt === undefined ? {} : { gt }),
      ...(lt === undefined ? {} : { lt }),
      reverse,
      limit: limit + 1,
      values: withValues,
      highWaterMarkBytes: bytesMax,
      asyncIO: false,
      fillCache: true,
      keyEncoding: encoding,
      valueEncoding: encoding,
    });
    return { ...splitRows(rows, limit, withValues), isCut: !finished || rows.length / 2 > limit };
  }

  createBatch(): RocksdbBatch<Column> {
    return new RocksdbBatch(() => this.#native._chainedBatch(), this.#columns);
  }

  /** A figure of RocksDB by its name, e.g. `rocksdb.estimate-num-keys`; empty when it knows none. */
  property(name: string): string {
    return this.#native.getProperty(name);
  }

  /** Only by the thread that opened it, after all that borrowed it have stopped. */
  async close(): Promise<void> {
    if (!this.#isOwner) throw new Error('a borrowed database is closed by its owner');
    const native = this.#native;
    this.#isClosed = true;
    await native.close();
  }

  get #native(): NativeDatabase {
    if (this.#isClosed) throw new Error('the database is closed');
    return this.#database;
  }
}

function splitRows<Item>(
  rows: readonly Item[],
  limit: number,
  withValues: boolean,
): { keys: Item[]; values: Item[] } {
  const keys: Item[] = [];
  const values: Item[] = [];
  for (let n = 0; n < rows.length && keys.length < limit; n += 2) {
    keys.push(rows[n]!);
    if (withValues) values.push(rows[n + 1]!);
  }
  return { keys, values };
}
