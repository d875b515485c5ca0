import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { readRecordHeader, recordAlignmentBytes, recordHeaderBytes } from './record-header.js';
import type { RecordHeader } from './record-header.js';

/** A record found in a segment file. */
export interface ScannedRecord {
  readonly header: RecordHeader;
  /** Position of the first byte of the blob in the file. */
  readonly blobPosition: number;
  /** Whether the blob has the checksum that its header says. */
  readonly isIntact: boolean;
}

const chunkBytes = 1024 * 1024;

/**
 * The records of one segment file in the order they lie, found without the catalogue. A place where no record begins is passed
 * over in steps of 4 KiB, so that a damaged record hides none behind it. The last ones may never have been committed.
 */
export function* scanSegment(path: string): Generator<ScannedRecord> {
  const fd = openSync(path, 'r');
  try {
    const { size } = fstatSync(fd);
    const head = Buffer.alloc(recordHeaderBytes);
    for (let at = 0; at + recordHeaderBytes <= size;) {
      readSync(fd, head, 0, recordHeaderBytes, at);
      const header = headerIn(head);
      const end = header === undefined ? at : at + header.blobOffset + header.blobLength;
      if (header === undefined || end > size) {
        at += recordAlignmentBytes;
        continue;
      }
      const blobPosition = at + header.blobOffset;
      const isIntact = blobCrc32(fd, blobPosition, header.blobLength) === header.blobCrc32;
      yield { header, blobPosition, isIntact };
      // A damaged length could lead anywhere: only behind intact bytes the next record is where it should be.
      at = isIntact ? nextRecordAt(end) : at + recordAlignmentBytes;
    }
  } finally {
    closeSync(fd);
  }
}

function headerIn(head: Buffer): RecordHeader | undefined {
  try {
    return readRecordHeader(head);
  } catch {
    return undefined;
  }
}

function nextRecordAt(end: number): number {
  return Math.ceil(end / recordAlignmentBytes) * recordAlignmentBytes;
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
