import { closeSync, fstatSync, ftruncateSync, openSync, readSync, unlinkSync } from 'node:fs';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { ownFileKey, ownFileRange, segmentOfKey } from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import { recordAlignmentBytes } from './record-header.js';
import { listSegmentFiles } from './segment-files.js';

const chunkBytes = 1024 * 1024;

/** Removes the files of spilled instances that were never committed: their senders, or this process, went away before. */
export function removeUnusedFiles(directory: string, database: RocksdbDatabase<StoreColumn>): void {
  const files = listSegmentFiles(directory).filter((file) => file.kind === 'big');
  const marks = database.getMany(
    'default',
    files.map((file) => ownFileKey(file.number)),
  );
  files.forEach((file, n) => {
    if (marks[n] === undefined) unlinkSync(file.path);
  });
}

/**
 * Gives back what was written beforehand of segments that were begun when the process ended, and hold no committed group:
 * `segment` is the last one that does. What they hold may be all that is left where the catalogue was damaged, so that it stays.
 */
export function cutUnusedSegments(directory: string, segment: number): void {
  for (const { kind, number, path } of listSegmentFiles(directory)) {
    if (kind !== 'seg' || number <= segment) continue;
    const fd = openSync(path, 'r+');
    try {
      const bytes = bytesBeforeZeros(fd);
      if (bytes > 0) ftruncateSync(fd, bytes);
      else unlinkSync(path);
    } finally {
      closeSync(fd);
    }
  }
}

/** Length of a file without the zeros at its end, up to where the next record would begin. */
function bytesBeforeZeros(fd: number): number {
  const { size } = fstatSync(fd);
  const chunk = Buffer.allocUnsafe(chunkBytes);
  const zeros = Buffer.alloc(chunkBytes);
  for (let end = size; end > 0;) {
    const start = Math.max(0, end - chunkBytes);
    const read = chunk.subarray(0, readSync(fd, chunk, 0, end - start, start));
    if (!read.equals(zeros.subarray(0, read.length))) {
      const used = start + read.findLastIndex((byte) => byte !== 0) + 1;
      return Math.min(size, Math.ceil(used / recordAlignmentBytes) * recordAlignmentBytes);
    }
    end = start;
  }
  return 0;
}

/**
 * The highest number that a file of a single blob has, or had when it was removed; 0 when there never was one. Backups know files
 * by their numbers, so that none may be given out again.
 */
export function lastOwnFile(database: RocksdbDatabase<StoreColumn>): number {
  const options = { ...ownFileRange(), reverse: true, limit: 1, values: false };
  const [key] = database.range('default', options).keys;
  return key === undefined ? 0 : segmentOfKey(key);
}
