/** Writes bytes and entropy-coded bits of a JPEG codestream (ISO 10918-1 §F.1.2.3: a 0 follows each byte of 255 bits). */
export class JpegBitWriter {
  #bytes: Uint8Array;
  #length = 0;
  #bits = 0;
  #bitCount = 0;

  constructor(expectedBytes: number) {
    this.#bytes = new Uint8Array(expectedBytes);
  }

  /** A marker segment with its length. */
  writeSegment(marker: number, content: readonly number[]): void {
    const length = content.length + 2;
    for (const byte of [0xff, marker, length >> 8, length & 255, ...content]) this.#put(byte);
  }

  writeMarker(marker: number): void {
    this.#put(0xff);
    this.#put(marker);
  }

  /** The low `count` bits of `value`, at most 16. */
  writeBits(value: number, count: number): void {
    this.#bits = ((this.#bits << count) | (value & ((1 << count) - 1))) & 0x7fffff;
    this.#bitCount += count;
    while (this.#bitCount >= 8) {
      this.#bitCount -= 8;
      const byte = (this.#bits >>> this.#bitCount) & 255;
      this.#put(byte);
      if (byte === 255) this.#put(0);
    }
  }

  /** Ends the entropy-coded bits: what is missing of a byte is filled with ones. */
  endBits(): void {
    if (this.#bitCount > 0) this.writeBits(255, 8 - this.#bitCount);
  }

  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #put(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const larger = new Uint8Array(this.#length * 2 + 1024);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    this.#bytes[this.#length++] = byte;
  }
}
