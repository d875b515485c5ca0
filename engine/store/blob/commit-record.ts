import { crc32 } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';
import { recordAlignmentBytes } from './record-header.js';

/**
 * What ends a group in a segment file: the operations of its RocksDB batch. The group is durable when it is synced together with
 * this record, before RocksDB has synced anything; after a loss of power the operations are applied again.
 *
 * | at  | type (little-endian)                                                              |
 * |-----|-----------------------------------------------------------------------------------|
 * | 0   | magic, 8 bytes `GANTRYC1`                                                         |
 * | 8   | CRC-32 u32 of bytes 12 to 59                                                      |
 * | 12  | CRC-32 u32 of the operations                                                      |
 * | 16  | length u32 of the operations                                                      |
 * | 20  | CRC-32 u32 of the headers of the group's records, one after another               |
 * | 24  | count u32 of these records                                                        |
 * | 28  | position f64 of the first of them in the file                                     |
 * | 36  | sequence f64 of the change log before the group                                   |
 * | 44  | sequence f64 after it                                                             |
 * | 52  | 8 zeros                                                                           |
 * | 60  | operations                                                                        |
 */
export const commitHeadBytes = 60;

const magic = Buffer.from('GANTRYC1', 'latin1');

/** What a commit record says of its group. */
export interface CommitHead {
  readonly groupStart: number;
  readonly recordCount: number;
  readonly headersCrc32: number;
  readonly sequenceBefore: number;
  readonly sequenceAfter: number;
}

export interface ReadCommitHead extends CommitHead {
  readonly operationsLength: number;
  readonly operationsCrc32: number;
}

/** Bytes that a commit record takes in a segment, up to where the next group begins. */
export function commitRecordBytes(operationsLength: number): number {
  const bytes = commitHeadBytes + operationsLength;
  return Math.ceil(bytes / recordAlignmentBytes) * recordAlignmentBytes;
}

export function encodeCommitRecord(head: CommitHead, operations: Uint8Array): Buffer {
  const record = Buffer.allocUnsafe(commitRecordBytes(operations.length));
  record.fill(0, 0, commitHeadBytes);
  magic.copy(record, 0);
  record.writeUInt32LE(crc32(operations), 12);
  record.writeUInt32LE(operations.length, 16);
  record.writeUInt32LE(head.headersCrc32, 20);
  record.writeUInt32LE(head.recordCount, 24);
  record.writeDoubleLE(head.groupStart, 28);
  record.writeDoubleLE(head.sequenceBefore, 36);
  record.writeDoubleLE(head.sequenceAfter, 44);
  record.writeUInt32LE(crc32(record.subarray(12, commitHeadBytes)), 8);
  record.set(operations, commitHeadBytes);
  record.fill(0, commitHeadBytes + operations.length);
  return record;
}

/** Whether `bytes` begin as a commit record does; what follows may still be anything. */
export function hasCommitMagic(bytes: Buffer): boolean {
  return bytes.compare(magic, 0, magic.length, 0, magic.length) === 0;
}

/** The head at the start of `bytes`. Throws `corrupt` when there is none. */
export function readCommitHead(bytes: Buffer): ReadCommitHead {
  if (bytes.length < commitHeadBytes || !hasCommitMagic(bytes)) {
    throw new GantryError('corrupt', 'no commit record begins here');
  }
  if (crc32(bytes.subarray(12, commitHeadBytes)) !== bytes.readUInt32LE(8)) {
    throw new GantryError('corrupt', 'a commit record fails its checksum');
  }
  return {
    operationsCrc32: bytes.readUInt32LE(12),
    operationsLength: bytes.readUInt32LE(16),
    headersCrc32: bytes.readUInt32LE(20),
    recordCount: bytes.readUInt32LE(24),
    groupStart: bytes.readDoubleLE(28),
    sequenceBefore: bytes.readDoubleLE(36),
    sequenceAfter: bytes.readDoubleLE(44),
  };
}
