import { unlinkSync } from 'node:fs';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { ownFileKey, ownFileRange, segmentOfKey } from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import { listSegmentFiles } from './segment-files.js';

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
 * The highest number that a file of a single blob has, or had when it was removed; 0 when there never was one. Backups know files
 * by their numbers, so that none may be given out again.
 */
export function lastOwnFile(database: RocksdbDatabase<StoreColumn>): number {
  const options = { ...ownFileRange(), reverse: true, limit: 1, values: false };
  const [key] = database.range('default', options).keys;
  return key === undefined ? 0 : segmentOfKey(key);
}
