import { crc32 } from 'node:zlib';
import { contentOf, createSealable, seal, unseal } from './sealed-value.js';

/**
 * Checksums of the blocks of a blob, in pages so that a read of a range of a long instance loads little of them. The first block
 * is the prefix that the store made, where there is one; the others are 16 KiB each, the last one what is left. A blob of at most
 * 16 KiB has none: it is read whole, and its record has its checksum.
 *
 * page: length of the prefix u32 (little-endian), CRC-32 u32 of each of up to 4,096 blocks
 */
export interface BlockChecksumPage {
  readonly prefixBytes: number;
  /** One u32 (little-endian) a block. */
  readonly entries: Buffer;
}

/** Checksums of one page: those of 64 MiB. */
export const checksumPageEntries = 4096;

const entryBytes = 4;
const headBytes = 4;
const pageVersion = 1;

/** The pages of a blob of `prefix` and what was received; `received` holds one u32 for each block of that. */
export function encodeBlockChecksums(prefix: Uint8Array, received: Uint8Array): Buffer[] {
  const first = Buffer.alloc(prefix.length > 0 ? entryBytes : 0);
  if (prefix.length > 0) first.writeUInt32LE(crc32(prefix), 0);
  const checksums = Buffer.concat([first, received]);
  const pages: Buffer[] = [];
  const pageBytes = checksumPageEntries * entryBytes;
  for (let at = 0; at < checksums.length; at += pageBytes) {
    const entries = checksums.subarray(at, at + pageBytes);
    const value = createSealable(pageVersion, headBytes + entries.length);
    const content = contentOf(value);
    content.writeUInt32LE(prefix.length, 0);
    content.set(entries, headBytes);
    pages.push(seal(value));
  }
  return pages;
}

/** `entries` is a view of `value`. Throws `corrupt`. */
export function decodeBlockChecksumPage(value: Buffer): BlockChecksumPage {
  const content = unseal(value, pageVersion, 'page of block checksums');
  return { prefixBytes: content.readUInt32LE(0), entries: content.subarray(headBytes) };
}
