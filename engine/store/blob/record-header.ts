import { crc32 } from 'node:zlib';
import { assert } from '#engine/base/assert.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { BlobRecord } from './blob-store.js';

/**
 * The head of a record in a segment file. It names its blob well enough to rebuild a lost catalogue by scanning the segments: a
 * record starts at a multiple of 4 KiB, its blob `blobOffset` bytes behind its start, the next record at the next multiple
 * behind the blob. A record that no commit refers to may follow the last one: bytes of a group that a crash cut off.
 *
 * | at  | type (little-endian)                                                                  |
 * |-----|---------------------------------------------------------------------------------------|
 * | 0   | magic, 8 bytes `GANTRYR1`                                                             |
 * | 8   | CRC-32 u32 of bytes 12 to 511                                                         |
 * | 12  | blobOffset u32                                                                        |
 * | 16  | blob length f64                                                                       |
 * | 24  | blob CRC-32 u32                                                                       |
 * | 28  | partition u32                                                                         |
 * | 32  | sequence f64                                                                          |
 * | 40  | createdAtMs f64                                                                       |
 * | 48  | study, series, instance, SOP class, transfer syntax: each length u8 and ASCII, then zeros |
 */
export const recordAlignmentBytes = 4096;
export const recordHeaderBytes = 512;

const magic = Buffer.from('GANTRYR1', 'latin1');
const textsAt = 48;
const textCount = 5;
assert(
  textsAt + textCount * (1 + limits.uidLengthMax) <= recordHeaderBytes,
  'the longest UIDs fit into a header',
);

/** Bytes that a record with a blob of this length takes in a segment, up to where the next one begins. */
export function recordBytes(blobLength: number): number {
  return Math.ceil((recordHeaderBytes + blobLength) / recordAlignmentBytes) * recordAlignmentBytes;
}

/** What a header says; `blobOffset` counts from the start of the record. */
export interface RecordHeader {
  readonly blobOffset: number;
  readonly blobLength: number;
  readonly blobCrc32: number;
  readonly partition: number;
  readonly sequence: number;
  readonly createdAtMs: number;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
  readonly sopClassUid: string;
  readonly transferSyntaxUid: string;
}

/** Writes the header of a record into the first 512 bytes of `target`. */
export function writeRecordHeader(target: Buffer, record: BlobRecord, blobOffset: number): void {
  const { identifiers } = record;
  target.fill(0, 0, recordHeaderBytes);
  magic.copy(target, 0);
  target.writeUInt32LE(blobOffset, 12);
  target.writeDoubleLE(record.length, 16);
  target.writeUInt32LE(record.crc32, 24);
  target.writeUInt32LE(record.partition, 28);
  target.writeDoubleLE(record.sequence, 32);
  target.writeDoubleLE(record.createdAtMs, 40);
  let at = textsAt;
  at = writeText(target, at, identifiers.studyInstanceUid);
  at = writeText(target, at, identifiers.seriesInstanceUid);
  at = writeText(target, at, identifiers.sopInstanceUid);
  at = writeText(target, at, identifiers.sopClassUid);
  writeText(target, at, record.transferSyntaxUid);
  target.writeUInt32LE(crc32(target.subarray(12, recordHeaderBytes)), 8);
}

/** Whether `bytes` begin as a record does; what follows may still be anything. */
export function hasRecordMagic(bytes: Buffer): boolean {
  return bytes.compare(magic, 0, magic.length, 0, magic.length) === 0;
}

/** The header at the start of `bytes`. Throws `corrupt` when there is none. */
export function readRecordHeader(bytes: Buffer): RecordHeader {
  if (bytes.length < recordHeaderBytes || !hasRecordMagic(bytes)) {
    throw new GantryError('corrupt', 'no record begins here');
  }
  if (crc32(bytes.subarray(12, recordHeaderBytes)) !== bytes.readUInt32LE(8)) {
    throw new GantryError('corrupt', 'a record header fails its checksum');
  }
  const texts: string[] = [];
  for (let at = textsAt; texts.length < textCount;) {
    const end = at + 1 + bytes[at]!;
    texts.push(bytes.toString('latin1', at + 1, end));
    at = end;
  }
  return {
    blobOffset: bytes.readUInt32LE(12),
    blobLength: bytes.readDoubleLE(16),
    blobCrc32: bytes.readUInt32LE(24),
    partition: bytes.readUInt32LE(28),
    sequence: bytes.readDoubleLE(32),
    createdAtMs: bytes.readDoubleLE(40),
    studyInstanceUid: texts[0]!,
    seriesInstanceUid: texts[1]!,
    sopInstanceUid: texts[2]!,
    sopClassUid: texts[3]!,
    transferSyntaxUid: texts[4]!,
  };
}

function writeText(target: Buffer, at: number, text: string): number {
  assert(text.length <= limits.uidLengthMax, 'a UID in a record is checked before');
  target[at] = text.length;
  target.write(text, at + 1, 'latin1');
  return at + 1 + text.length;
}
