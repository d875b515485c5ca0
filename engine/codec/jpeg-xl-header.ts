import { corruptFrame } from './codestream-error.js';

/** Size of a JPEG XL image as its codestream declares it. */
export interface JpegXlSize {
  readonly rows: number;
  readonly columns: number;
}

/** Box that a file in a container begins with (ISO 18181-2 §9.1). */
const signatureBox = Buffer.from('0000000c4a584c200d0a870a', 'hex');
const boxType = { codestream: 'jxlc', partialCodestream: 'jxlp' } as const;
const codestreamStart = 0x0aff;
/** Width over height, as numerator and denominator (ISO 18181-1 Annex D.2); 0 stands for a width of its own. */
const ratios = [
  [1, 1],
  [12, 10],
  [4, 3],
  [3, 2],
  [16, 9],
  [5, 4],
  [2, 1],
] as const;
/** Bits of a size, by a selector of two bits. */
const sizeBits = [9, 13, 18, 30] as const;

/**
 * The size that a JPEG XL image claims, bare or in a container: a decoder allocates that much, so it has to be known before.
 * Throws `corrupt`.
 */
export function readJpegXlSize(bytes: Uint8Array): JpegXlSize {
  const codestream = unwrap(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  if (codestream.length < 2 || codestream.readUInt16LE(0) !== codestreamStart) {
    throw corruptFrame('no JPEG XL codestream');
  }
  const bits = new LowBitReader(codestream.subarray(2));
  const isInEights = bits.read(1) === 1;
  const side = (): number =>
    isInEights ? (bits.read(5) + 1) * 8 : bits.read(sizeBits[bits.read(2)]!) + 1;
  const rows = side();
  const ratio = ratios[bits.read(3) - 1];
  const columns = ratio === undefined ? side() : Math.floor((rows * ratio[0]) / ratio[1]);
  return { rows, columns };
}

/** The start of the codestream. */
function unwrap(bytes: Buffer): Buffer {
  if (!bytes.subarray(0, signatureBox.length).equals(signatureBox)) return bytes;
  for (let at = 0; at + 8 <= bytes.length;) {
    const declared = bytes.readUInt32BE(at);
    const type = bytes.toString('latin1', at + 4, at + 8);
    const isLong = declared === 1;
    if (isLong && at + 16 > bytes.length) break;
    const length = isLong ? Number(bytes.readBigUInt64BE(at + 8)) : declared;
    const headerBytes = isLong ? 16 : 8;
    const end = declared === 0 ? bytes.length : at + length;
    if (end < at + headerBytes || end > bytes.length) break;
    if (type === boxType.codestream) return bytes.subarray(at + headerBytes, end);
    // A number stands in front of each part.
    if (type === boxType.partialCodestream) return bytes.subarray(at + headerBytes + 4, end);
    at = end;
  }
  throw corruptFrame('a JPEG XL container without codestream');
}

/** Fields of JPEG XL: least significant bit first. */
class LowBitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Up to 30 bits. */
  read(count: number): number {
    let value = 0;
    for (let n = 0; n < count; n++, this.#position++) {
      const byte = this.#bytes[this.#position >> 3];
      if (byte === undefined) throw corruptFrame('the JPEG XL header is cut off');
      value |= ((byte >> (this.#position & 7)) & 1) << n;
    }
    return value;
  }
}
