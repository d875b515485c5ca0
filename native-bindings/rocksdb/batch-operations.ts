/** Where operations can be put again: a batch. */
export interface OperationTarget<Column extends string> {
  put(column: Column, key: Uint8Array, value: Uint8Array): void;
  delete(column: Column, key: Uint8Array): void;
}

const kind = { put: 1, delete: 2 } as const;

/** kind u8, length u8 of the column's name, key length u32, value length u32 (little-endian), name, key, value */
const headBytes = 10;
const firstCapacity = 64 * 1024;

/** The operations of a batch as bytes, kept while the batch is filled, so that they can be written somewhere else too. */
export class BatchOperations<Column extends string> {
  readonly #bytesMax: number;
  #buffer = Buffer.allocUnsafeSlow(firstCapacity);
  #length = 0;

  /** @param bytesMax - more than this is not kept: a batch that large has no `bytes` */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** A view that is valid until the next operation; undefined when there were more bytes than are kept. */
  get bytes(): Buffer | undefined {
    return this.#length > this.#bytesMax ? undefined : this.#buffer.subarray(0, this.#length);
  }

  addPut(column: Column, key: Uint8Array, value: Uint8Array): void {
    this.#add(kind.put, column, key, value);
  }

  addDelete(column: Column, key: Uint8Array): void {
    this.#add(kind.delete, column, key);
  }

  clear(): void {
    this.#length = 0;
  }

  #add(operation: number, column: Column, key: Uint8Array, value?: Uint8Array): void {
    const start = this.#length;
    const valueBytes = value?.length ?? 0;
    this.#length += headBytes + column.length + key.length + valueBytes;
    if (this.#length > this.#bytesMax) return;
    this.#reserve(start);
    const buffer = this.#buffer;
    buffer[start] = operation;
    buffer[start + 1] = column.length;
    buffer.writeUInt32LE(key.length, start + 2);
    buffer.writeUInt32LE(valueBytes, start + 6);
    let at = start + headBytes;
    at += buffer.write(column, at, 'latin1');
    buffer.set(key, at);
    if (value !== undefined) buffer.set(value, at + key.length);
  }

  #reserve(used: number): void {
    if (this.#length <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#length, 2 * this.#buffer.length));
    this.#buffer.copy(larger, 0, 0, used);
    this.#buffer = larger;
  }
}

/** Puts operations into `target` in the order they were kept. `bytes` must be whole: check them before. */
export function applyOperations<Column extends string>(
  bytes: Buffer,
  target: OperationTarget<Column>,
): void {
  for (let at = 0; at < bytes.length;) {
    const nameAt = at + headBytes;
    const keyAt = nameAt + bytes[at + 1]!;
    const valueAt = keyAt + bytes.readUInt32LE(at + 2);
    const end = valueAt + bytes.readUInt32LE(at + 6);
    const column = bytes.toString('latin1', nameAt, keyAt) as Column;
    const key = bytes.subarray(keyAt, valueAt);
    if (bytes[at] === kind.put) target.put(column, key, bytes.subarray(valueAt, end));
    else target.delete(column, key);
    at = end;
  }
}
