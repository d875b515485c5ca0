/**
 * Buffers of one size that are used again and again. A fresh buffer of half a megabyte costs more in page faults and garbage
 * collection than reading the bytes into it.
 */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #keptMax: number;
  readonly #free: Buffer[] = [];

  constructor(bufferBytes: number, keptMax: number) {
    this.#bufferBytes = bufferBytes;
    this.#keptMax = keptMax;
  }

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.#bufferBytes);
  }

  /** `buffer` came from `take` and nobody reads it any more. */
  giveBack(buffer: Buffer): void {
    if (this.#free.length < this.#keptMax) this.#free.push(buffer);
  }
}
