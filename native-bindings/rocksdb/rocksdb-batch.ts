import { BatchOperations } from './batch-operations.js';
import type { NativeBatch, NativeColumnOption } from './rocksdb-binding.js';

/** A batch that grew beyond this gives its memory back: emptying it would keep it. */
const keptBytesMax = 16 * 1024 * 1024;

/** Operations of a batch that can be written to a log of the caller's own. */
const operationBytesMax = 4 * 1024 * 1024;

/**
 * The write batch of one thread. Its native batch is emptied and used again after each write: the binding frees a batch only
 * when V8 collects its wrapper, whose native size V8 does not know, so that a new one for each commit leaks.
 */
export class RocksdbBatch<Column extends string> {
  readonly #createNative: () => NativeBatch;
  readonly #columns: Readonly<Record<Column, NativeColumnOption>>;
  readonly #operations = new BatchOperations<Column>(operationBytesMax);
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

  /**
   * What was put into the batch, for `applyOperations`: a view that is valid until the next operation. Undefined when that is
   * more than 4 MiB.
   */
  get operations(): Buffer | undefined {
    return this.#operations.bytes;
  }

  /** Copies key and value into the batch; both may be reused afterwards. */
  put(column: Column, key: Uint8Array, value: Uint8Array): void {
    this.#bytes += key.length + value.length;
    this.#native._put(key, value, this.#columns[column]);
    this.#operations.addPut(column, key, value);
  }

  delete(column: Column, key: Uint8Array): void {
    this.#bytes += key.length;
    this.#native._del(key, this.#columns[column]);
    this.#operations.addDelete(column, key);
  }

  clear(): void {
    this.#native._clear();
    this.#operations.clear();
    if (this.#bytes > keptBytesMax) this.#native = this.#createNative();
    this.#bytes = 0;
  }

  /**
   * Writes all operations atomically; the batch is empty afterwards, also after an error. With `isSynced` they are durable, and
   * so is all that was written before; without, they survive the end of the process but not that of the machine.
   */
  write({ isSynced }: { readonly isSynced: boolean }): void {
    try {
      this.#native._writeSync({ sync: isSynced });
    } finally {
      this.clear();
    }
  }
}
