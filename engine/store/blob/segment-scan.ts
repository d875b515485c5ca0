import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { BlockChecksummer } from '#engine/base/block-checksums.js';
import {
  commitHeadBytes,
  commitRecordBytes,
  hasCommitMagic,
  readCommitHead,
} from './commit-record.js';
import {
  hasRecordMagic,
  readRecordHeader,
  recordAlignmentBytes,
  recordBytes,
  recordHeaderBytes,
} from './record-header.js';
import type { RecordHeader } from './record-header.js';

/** A record found in a segment file. */
export interface ScannedRecord {
  readonly header: RecordHeader;
  /** Position of the first byte of the blob in the file. */
  readonly blobPosition: number;
  /** Whether the blob has the checksum that its header says. */
  readonly isIntact: boolean;
  /** CRC-32 of each block of the blob, as `BlockChecksummer` makes them. */
  readonly blockChecksums: Uint8Array;
}

/** What stands at a place of a segment file: a record of a blob, that of a commit, or undefined where neither begins. */
type Place =
  | { readonly kind: 'blob'; readonly header: RecordHeader }
  | { readonly kind: 'commit'; readonly sequence: number; readonly bytes: number };

const chunkBytes = 1024 * 1024;

/**
 * The records of one segment file in the order they lie, found without the catalogue. A place where no record begins is passed
 * over in steps of 4 KiB, so that a damaged record hides none behind it; a commit record is passed over as a whole, because
 * senders have a say in what it holds. The last ones may never have been committed.
 */
export function* scanSegment(path: string): Generator<ScannedRecord> {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const head = Buffer.alloc(recordHeaderBytes);
    for (let at = 0; at + recordHeaderBytes <= size;) {
      readSync(fd, head, 0, recordHeaderBytes, at);
      const place = placeIn(head);
      if (place?.kind !== 'blob' || endOf(place.header, at) > size) {
        at += place?.kind === 'commit' ? place.bytes : recordAlignmentBytes;
        continue;
      }
      const { header } = place;
      const blobPosition = at + header.blobOffset;
      const checksums = checksumsOf(fd, blobPosition, header.blobLength);
      const isIntact = checksums.crc32 === header.blobCrc32;
      yield { header, blobPosition, isIntact, blockChecksums: checksums.finish() };
      // A damaged length could lead anywhere: only behind intact bytes the next record is where it should be.
      at = isIntact ? nextRecordAt(endOf(header, at)) : at + recordAlignmentBytes;
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * The highest sequence that headers and commit records of a segment file name, 0 when there are none. Reads the heads alone, and
 * believes lengths that their checksum covers.
 */
export function lastSequenceInSegment(path: string): number {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const head = Buffer.alloc(recordHeaderBytes);
    let last = 0;
    for (let at = 0; at + recordHeaderBytes <= size;) {
      readSync(fd, head, 0, recordHeaderBytes, at);
      const place = placeIn(head);
      if (place?.kind === 'blob') {
        last = Math.max(last, place.header.sequence);
        at += recordBytes(place.header.blobLength);
      } else if (place?.kind === 'commit') {
        last = Math.max(last, place.sequence);
        at += place.bytes;
      } else at += recordAlignmentBytes;
    }
    return last;
  } finally {
    closeSync(fd);
  }
}

function placeIn(head: Buffer): Place | undefined {
  try {
    if (hasRecordMagic(head)) return { kind: 'blob', header: readRecordHeader(head) };
    if (!hasCommitMagic(head)) return undefined;
    const { sequenceAfter, operationsLength } = readCommitHead(head.subarray(0, commitHeadBytes));
    return { kind: 'commit', sequence: sequenceAfter, bytes: commitRecordBytes(operationsLength) };
  } catch {
    return undefined;
  }
}

function endOf({ blobOffset, blobLength }: RecordHeader, at: number): number {
  return at + blobOffset + blobLength;
}

function nextRecordAt(end: number): number {
  return Math.ceil(end / recordAlignmentBytes) * recordAlignmentBytes;
}

/** Of a stretch of a file that is known to be there. */
function checksumsOf(fd: number, position: number, length: number): BlockChecksummer {
  const checksums = new BlockChecksummer();
  const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, length));
  for (let done = 0; done < length;) {
    const count = readSync(fd, chunk, 0, Math.min(chunk.length, length - done), position + done);
    if (count === 0) break;
    checksums.add(chunk.subarray(0, count));
    done += count;
  }
  return checksums;
}

/** CRC-32 of a stretch of a file; -1 when the file ends before. */
export function blobCrc32(fd: number, position: number, length: number): number {
  const chunk = Buffer.allocUnsafe(Math.min(chunkBytes, length));
  let value = 0;
  for (let done = 0; done < length;) {
    const count = readSync(fd, chunk, 0, Math.min(chunk.length, length - done), position + done);
    if (count === 0) return -1;
    value = crc32(chunk.subarray(0, count), value);
    done += count;
  }
  return value;
}
