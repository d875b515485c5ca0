import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import {
  firstKeyOfPartition,
  orderedKeysVersionKey,
  partitionOfKey,
} from './catalog/catalog-keys.js';
import type { StoreColumn } from './catalog/catalog-keys.js';
import { CatalogReader } from './catalog/catalog-reader.js';
import { newerVersion } from './data-directory.js';
import { orderedEntriesOf } from './catalog/ordered-attributes.js';

/** Raised when `orderedEntriesOf` gives entries that it did not give before. */
const orderedKeysVersion = 2;

const studiesPerBatch = 1_000;

/**
 * Gives the studies that an earlier version stored the ordered keys that it did not know: a search by keys must find all or
 * none. Called before the store is written to. Throws `store-unavailable` when a newer program gave it keys that this one does not
 * know: it would not keep them up.
 */
export function completeOrderedKeys(database: RocksdbDatabase<StoreColumn>): void {
  const version = database.get('default', orderedKeysVersionKey)?.[0] ?? 0;
  if (version > orderedKeysVersion) throw newerVersion('ordered keys', version, orderedKeysVersion);
  if (version === orderedKeysVersion) return;
  const reader = new CatalogReader(database);
  const batch = database.createBatch();
  let studyCount = 0;
  for (const partition of partitionsOf(database)) {
    for (const study of reader.studies(partition)) {
      for (const { key, value } of orderedEntriesOf(partition, study)) {
        batch.put('catalog', key, value);
      }
      studyCount += 1;
      if (studyCount % studiesPerBatch === 0) batch.write({ isSynced: false });
    }
  }
  batch.put('default', orderedKeysVersionKey, Buffer.of(orderedKeysVersion));
  batch.write({ isSynced: true });
}

function* partitionsOf(database: RocksdbDatabase<StoreColumn>): Generator<number> {
  for (let next = 0; ;) {
    const range = { gte: firstKeyOfPartition(next), limit: 1, values: false };
    const [key] = database.range('catalog', range).keys;
    if (key === undefined) return;
    const partition = partitionOfKey(key);
    yield partition;
    next = partition + 1;
  }
}
