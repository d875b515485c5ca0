import { corruptFrame } from './codestream-error.js';

/** Decoding table of one Huffman code: for every 16 bits that may come next, length of the code << 8 | symbol; 0 for none. */
export type HuffmanTable = Uint16Array;

/** Builds the table of a DHT segment's code (ISO 10918-1 §C.2): `counts` of codes of 1 to 16 bits. Throws `corrupt`. */
export function buildHuffmanTable(counts: Uint8Array, symbols: Uint8Array): HuffmanTable {
  const table = new Uint16Array(65536);
  let next = 0;
  let symbol = 0;
  for (let length = 1; length <= 16; length++) {
    const width = 1 << (16 - length);
    for (let n = 0; n < counts[length - 1]!; n++) {
      if (next + width > table.length) throw corruptFrame('a JPEG Huffman table is overfull');
      table.fill((length << 8) | symbols[symbol++]!, next, next + width);
      next += width;
    }
  }
  return table;
}

/** Reads the entropy-coded bits between two markers (ISO 10918-1 §F.2.2.5). */
export class JpegBitReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #bits = 0;
  #bitCount = 0;
  /** Bits that were made up because a marker stood where data was expected. */
  #missingBits = 0;

  constructor(bytes: Uint8Array, start: number) {
    this.#bytes = bytes;
    this.#at = start;
  }

  /** The next symbol. Throws `corrupt` when no code of the table matches. */
  readSymbol(table: HuffmanTable): number {
    if (this.#bitCount < 16) this.#fill();
    const entry = table[(this.#bits >>> (this.#bitCount - 16)) & 0xffff]!;
    if (entry === 0) throw corruptFrame('a JPEG code that is in no table');
    this.#bitCount -= entry >>> 8;
    return entry & 0xff;
  }

  /** `count` bits, at most 15, as an unsigned number. */
  readBits(count: number): number {
    if (this.#bitCount < count) this.#fill();
    this.#bitCount -= count;
    return (this.#bits >>> this.#bitCount) & ((1 << count) - 1);
  }

  /**
   * Ends the interval: nothing but padding of the last byte may be left, and no more may have been read than there was. The
   * result is where the marker stands. Throws `corrupt`.
   */
  end(): number {
    if (this.#missingBits > this.#bitCount) throw corruptFrame('JPEG data ends too early');
    if (this.#bitCount - this.#missingBits >= 8 || this.#bytes[this.#at] !== 0xff) {
      throw corruptFrame('JPEG data goes on after its last sample');
    }
    return this.#at;
  }

  /** Brings at least 16 bits; a marker stays where it is and reads as zeros. */
  #fill(): void {
    while (this.#bitCount <= 16) {
      let byte = this.#bytes[this.#at];
      if (byte === undefined || (byte === 0xff && this.#bytes[this.#at + 1] !== 0)) {
        byte = 0;
        this.#missingBits += 8;
      } else this.#at += byte === 0xff ? 2 : 1;
      this.#bits = ((this.#bits << 8) | byte) & 0xffffff;
      this.#bitCount += 8;
    }
  }
}
