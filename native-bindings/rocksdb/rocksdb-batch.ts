import type { NativeBatch, NativeColumnOption } from './rocksdb-binding.js';

/**
 * The write batch of one thread. It is kept for the life of the thread and emptied after each write: the binding frees a batch
 * only when V8 collects its wrapper, whose native size V8 does not know, so a batch per commit leaks.
 */
export class RocksdbBatch<Column extends string> {
  readonly #native: NativeBatch;
  readonly #columns: Readonly<Record<Column, NativeColumnOption>>;

  constructor(native: NativeBatch, columns: Readonly<Record<Column, NativeColumnOption>>) {
    this.#native = native;
    this.#columns = columns;
  }

  get operationCount(): number {
    return this.#native.length;
  }

  /** Copies key and value into the batch; both may be reused afterwards. */
  put(column: Column, key: Uint8Array, value: Uint8Array): void {
    this.#native._put(key, value, this.#columns[column]);
  }

  delete(column: Column, key: Uint8Array): void {
    this.#native._del(key, this.#columns[column]);
  }

  clear(): void {
    this.#native._clear();
  }

  /** Writes all operations atomically and syncs the log before it returns; the batch is empty afterwards, also after an error. */
  writeSync(): void {
    try {
      this.#native._writeSync({ sync: true });
    } finally {
      this.#native._clear();
    }
  }
}
