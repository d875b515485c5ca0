import { unlinkSync } from 'node:fs';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { ownFileKey } from '../catalog/catalog-keys.js';
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
