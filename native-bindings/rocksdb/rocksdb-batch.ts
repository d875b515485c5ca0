import type { NativeBatch, NativeColumnOption } from './rocksdb-binding.js';

/** A batch that grew beyond this gives its memory back: emptying it would keep it. */
const keptBytesMax = 16 * 1024 * 1024;

/**
 * The write batch of one thread. Its native batch is emptied and used again after each write: the binding frees a batch only
 * when V8 collects its wrapper, whose native size V8 does not know, so that a new one for each commit leaks.
 */
export class RocksdbBatch<Column extends string> {
  readonly #createNative: () => NativeBatch;
  readonly #columns: Readonly<Record<Column, NativeColumnOption>>;
  #native: NativeBatch;
  #bytes = 0;

  constructor(
    createNative: () => NativeBatch,
    columns: Readonly<Record<Column, NativeColumnOption>>,
  ) {
    this.#createNative = createNative;
    this.#native = createNative();
    this.#columns = columns;
  }

  /** Copies key and value into the batch; both may be reused afterwards. */
  put(column: Column, key: Uint8Array, value: Uint8Array): void {
    this.#bytes += key.length + value.length;
    this.#native._put(key, value, this.#columns[column]);
  }

  delete(column: Column, key: Uint8Array): void {
    this.#bytes += key.length;
    this.#native._del(key, this.#columns[column]);
  }

  clear(): void {
    this.#native._clear();
    if (this.#bytes > keptBytesMax) this.#native = this.#createNative();
    this.#bytes = 0;
  }

  /** Writes all operations atomically and syncs the log before it returns; the batch is empty afterwards, also after an error. */
  writeSync(): void {
    try {
      this.#native._writeSync({ sync: true });
    } finally {
      this.clear();
    }
  }
}
