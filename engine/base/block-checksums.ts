import { crc32 } from 'node:zlib';
import { crc32Combine } from './crc32.js';

/** Bytes that one checksum covers: small against a frame, so that reading a range hardly reads more. */
export const checksumBlockBytes = 16 * 1024;

const entryBytes = 4;

/** CRC-32 of each block of a stream of bytes, and of all of them, in one pass. The last block may be shorter. */
export class BlockChecksummer {
  #blocks = Buffer.alloc(64 * entryBytes);
  #count = 0;
  #all = 0;
  #block = 0;
  #blockLength = 0;

  add(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(bytes.length, at + checksumBlockBytes - this.#blockLength);
      this.#block = crc32(bytes.subarray(at, end), this.#block);
      this.#blockLength += end - at;
      at = end;
      if (this.#blockLength === checksumBlockBytes) this.#endBlock();
    }
  }

  /** CRC-32 of all bytes so far. */
  get crc32(): number {
    return crc32Combine(this.#all, this.#block, this.#blockLength);
  }

  /** One u32 (little-endian) for each block so far; nothing may be added afterwards. */
  finish(): Uint8Array {
    if (this.#blockLength > 0) this.#endBlock();
    return new Uint8Array(this.#blocks.subarray(0, this.#count * entryBytes));
  }

  #endBlock(): void {
    this.#all = crc32Combine(this.#all, this.#block, this.#blockLength);
    if ((this.#count + 1) * entryBytes > this.#blocks.length) {
      this.#blocks = Buffer.concat([this.#blocks], this.#blocks.length * 2);
    }
    this.#blocks.writeUInt32LE(this.#block, this.#count * entryBytes);
    this.#count += 1;
    this.#block = 0;
    this.#blockLength = 0;
  }
}
