/** Collects a value of declared length in memory that grows with what has arrived. */
export class OffsetTableBuffer {
  missingBytes = 0;
  #bytes = new Uint8Array(0);
  #length = 0;

  start(length: number): void {
    this.missingBytes = length;
    this.#bytes = new Uint8Array(Math.min(length, 4096));
    this.#length = 0;
  }

  append(part: Uint8Array): void {
    if (this.#length + part.length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + part.length));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
    this.missingBytes -= part.length;
  }

  take(): Uint8Array {
    const table = this.#bytes.subarray(0, this.#length);
    this.#bytes = new Uint8Array(0);
    return table;
  }
}
