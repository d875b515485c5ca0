/** Bytes that are written one after another, with the numbers in the byte order chosen at the beginning. */
export class ByteSink {
  readonly #isBigEndian: boolean;
  #buffer = Buffer.allocUnsafe(1024);
  #length = 0;

  constructor(isBigEndian: boolean) {
    this.#isBigEndian = isBigEndian;
  }

  get length(): number {
    return this.#length;
  }

  /** What has been written: a view, valid until more is. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  uint16(value: number): void {
    const at = this.#take(2);
    if (this.#isBigEndian) this.#buffer.writeUInt16BE(value, at);
    else this.#buffer.writeUInt16LE(value, at);
  }

  uint32(value: number): void {
    this.#take(4);
    this.patchUint32(this.#length - 4, value);
  }

  /** Replaces the number at `position`, e.g. a length that was not known when it was written. */
  patchUint32(position: number, value: number): void {
    if (this.#isBigEndian) this.#buffer.writeUInt32BE(value, position);
    else this.#buffer.writeUInt32LE(value, position);
  }

  put(bytes: Uint8Array): void {
    const at = this.#take(bytes.length);
    this.#buffer.set(bytes, at);
  }

  /** Writes text as UTF-8. */
  text(text: string): void {
    const at = this.#take(Buffer.byteLength(text, 'utf8'));
    this.#buffer.write(text, at, 'utf8');
  }

  #take(count: number): number {
    const start = this.#length;
    if (start + count > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, start + count));
      this.#buffer.copy(larger, 0, 0, start);
      this.#buffer = larger;
    }
    this.#length = start + count;
    return start;
  }
}
