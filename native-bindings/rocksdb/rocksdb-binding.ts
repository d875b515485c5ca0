import { createRequire } from 'node:module';

/**
 * The part of `@nxtedition/rocksdb` that is used, as its source shows it; the package ships no types. Methods that begin with an
 * underscore are the binding's synchronous interface, below the encodings and events of abstract-level.
 */
export interface NativeDatabase {
  readonly handle: bigint;
  readonly columns: Readonly<Record<string, NativeColumn>>;
  open(): Promise<void>;
  close(): Promise<void>;
  getProperty(property: string): string;
  querySync<Item extends Buffer | string>(
    options: NativeRange<Item>,
  ): { readonly rows: Item[]; readonly finished: boolean };
  _getManySync(
    keys: readonly Uint8Array[],
    options: NativeColumnOption,
  ): (Buffer | undefined | null)[];
  _chainedBatch(): NativeBatch;
}

export interface NativeBatch {
  _put(key: Uint8Array, value: Uint8Array, options: NativeColumnOption): void;
  _del(key: Uint8Array, options: NativeColumnOption): void;
  _clear(): void;
  _writeSync(options: { readonly sync: boolean }): void;
}

/** A column family handle: opaque, valid on every thread that opened or borrowed the database. */
export interface NativeColumn {
  readonly opaque: unique symbol;
}

export interface NativeColumnOption {
  readonly column: NativeColumn;
}

export interface NativeRange<Item extends Buffer | string> extends NativeColumnOption {
  readonly gte?: Uint8Array;
  readonly gt?: Uint8Array;
  readonly lt?: Uint8Array;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly values?: boolean;
  readonly highWaterMarkBytes?: number;
  readonly asyncIO?: boolean;
  readonly fillCache?: boolean;
  readonly keyEncoding: NativeEncoding<Item>;
  readonly valueEncoding: NativeEncoding<Item>;
}

export type NativeEncoding<Item extends Buffer | string> = Item extends string ? 'utf8' : 'buffer';

type NativeDatabaseClass = new (
  locationOrHandle: string | bigint,
  options: Readonly<Record<string, unknown>>,
) => NativeDatabase;

/** The addon's database class, loaded when this module is first imported in a thread. */
export const NativeRocksdb = (
  createRequire(import.meta.url)('@nxtedition/rocksdb') as { RocksLevel: NativeDatabaseClass }
).RocksLevel;
