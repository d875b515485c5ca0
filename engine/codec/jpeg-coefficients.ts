import { corruptFrame } from './codestream-error.js';
import type { HuffmanTable, JpegBitReader } from './jpeg-bit-reader.js';

/** Position in a block, row by row, of each coefficient in the order of the codestream (ISO 10918-1 Figure A.6). */
export const zigzag: Uint8Array = Uint8Array.from([
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20,
  13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52,
  45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
]);

/** Which coefficients a scan brings, and which of their bits (ISO 10918-1 §B.2.3, §G.1.1). */
export interface JpegBand {
  readonly first: number;
  readonly last: number;
  /** Bits already known, 0 when the band comes for the first time; and those still missing after the scan. */
  readonly knownBits: number;
  readonly missingBits: number;
}

/** What is kept from block to block of one component in one scan. */
export interface JpegComponentState {
  readonly dcTable: HuffmanTable | undefined;
  readonly acTable: HuffmanTable | undefined;
  /** The DC coefficient of the block before. */
  prediction: number;
}

/** Reads the blocks of one scan, sequential or progressive (ISO 10918-1 §F.2, §G.2), into `coefficients`, 64 a block. */
export class JpegBlockReader {
  readonly #band: JpegBand;
  readonly #isProgressive: boolean;
  readonly #coefficients: Int16Array;
  /** Blocks without further coefficients that are still to come. */
  #endOfBandRun = 0;

  constructor(coefficients: Int16Array, band: JpegBand, isProgressive: boolean) {
    this.#coefficients = coefficients;
    this.#band = band;
    this.#isProgressive = isProgressive;
  }

  /** At a restart marker. */
  restart(): void {
    this.#endOfBandRun = 0;
  }

  /** Reads the block that starts at `at`. Throws `corrupt`. */
  read(bits: JpegBitReader, component: JpegComponentState, at: number): void {
    const { first, last, knownBits } = this.#band;
    if (!this.#isProgressive) {
      this.#readDc(bits, component, at);
      return this.#readAc(bits, component, at, { first: 1, last: 63, shift: 0 });
    }
    const shift = this.#band.missingBits;
    if (first === 0) {
      if (knownBits === 0) this.#readDc(bits, component, at);
      else if (bits.readBits(1) === 1) this.#coefficients[at]! |= 1 << shift;
      return;
    }
    if (knownBits === 0) this.#readAc(bits, component, at, { first, last, shift });
    else this.#refineAc(bits, component, at);
  }

  #readDc(bits: JpegBitReader, component: JpegComponentState, at: number): void {
    const size = bits.readSymbol(requireTable(component.dcTable));
    if (size > 15) throw corruptFrame('a JPEG DC coefficient');
    component.prediction += readSigned(bits, size);
    this.#coefficients[at] = component.prediction << this.#band.missingBits;
  }

  #readAc(
    bits: JpegBitReader,
    { acTable }: JpegComponentState,
    at: number,
    band: { readonly first: number; readonly last: number; readonly shift: number },
  ): void {
    if (this.#endOfBandRun > 0) {
      this.#endOfBandRun--;
      return;
    }
    const table = requireTable(acTable);
    for (let k = band.first; k <= band.last; k++) {
      const symbol = bits.readSymbol(table);
      const run = symbol >> 4;
      const size = symbol & 15;
      if (size === 0) {
        if (run < 15) {
          this.#beginEndOfBand(bits, run);
          return;
        }
        k += 15;
        continue;
      }
      k += run;
      if (k > band.last) throw corruptFrame('a JPEG block of too many coefficients');
      this.#coefficients[at + zigzag[k]!] = readSigned(bits, size) << band.shift;
    }
  }

  /** §G.1.2.3: coefficients that are not 0 get a bit each; new ones of ±1 stand between those that stay 0. */
  #refineAc(bits: JpegBitReader, { acTable }: JpegComponentState, at: number): void {
    const { first, last, missingBits } = this.#band;
    const bit = 1 << missingBits;
    let k = first;
    if (this.#endOfBandRun === 0) {
      const table = requireTable(acTable);
      while (k <= last) {
        const symbol = bits.readSymbol(table);
        const run = symbol >> 4;
        const size = symbol & 15;
        if (size > 1) throw corruptFrame('a JPEG refinement of more than one bit');
        if (size === 0 && run < 15) {
          this.#beginEndOfBand(bits, run);
          // The rest of this block is refined below; the run counts it.
          this.#endOfBandRun++;
          break;
        }
        const value = size === 0 ? 0 : bits.readBits(1) === 1 ? bit : -bit;
        k = this.#refineZeros(bits, at, { from: k, zeros: run });
        if (value !== 0) {
          if (k > last) throw corruptFrame('a JPEG block of too many coefficients');
          this.#coefficients[at + zigzag[k]!] = value;
        }
        k++;
      }
    }
    if (this.#endOfBandRun === 0) return;
    this.#refineZeros(bits, at, { from: k, zeros: Infinity });
    this.#endOfBandRun--;
  }

  /** Refines what is not 0 from `from` on, until `zeros` zeros were passed; the result is where the next zero stands. */
  #refineZeros(
    bits: JpegBitReader,
    at: number,
    { from, zeros }: { readonly from: number; readonly zeros: number },
  ): number {
    const { last, missingBits } = this.#band;
    const bit = 1 << missingBits;
    let left = zeros;
    let k = from;
    for (; k <= last; k++) {
      const position = at + zigzag[k]!;
      const value = this.#coefficients[position]!;
      if (value === 0) {
        if (left === 0) break;
        left--;
      } else if (bits.readBits(1) === 1 && (Math.abs(value) & bit) === 0) {
        this.#coefficients[position] = value + (value > 0 ? bit : -bit);
      }
    }
    return k;
  }

  /** A run of 2^`size` blocks and more, of which this is the first. */
  #beginEndOfBand(bits: JpegBitReader, size: number): void {
    if (size > 0 && !this.#isProgressive) throw corruptFrame('a JPEG run of blocks');
    this.#endOfBandRun = (1 << size) + bits.readBits(size) - 1;
  }
}

function requireTable(table: HuffmanTable | undefined): HuffmanTable {
  if (table === undefined) throw corruptFrame('a JPEG Huffman table is missing');
  return table;
}

/** §F.2.2.1: negative numbers are written one less. */
function readSigned(bits: JpegBitReader, size: number): number {
  if (size === 0) return 0;
  const value = bits.readBits(size);
  return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
}
