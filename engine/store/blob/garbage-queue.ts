import { GantryError } from '#engine/base/error-catalogue.js';
import type { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { garbageKey, garbageRange, partsOfGarbageKey } from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type { BlobLocator } from '../catalog/catalog-records.js';

/**
 * Bytes that nothing refers to any more. They are removed only when `dueAtMs` has come, so that a retrieve which looked its
 * record up before can still read them. `segment` names a whole segment file, whose `offset` and `length` are 0.
 */
export interface Garbage extends Pick<BlobLocator, 'store' | 'segment' | 'offset' | 'length'> {
  readonly dueAtMs: number;
}

/** version u8, store u8, length f64 (little-endian); the key says the rest. */
const garbageVersion = 1;
const garbageBytes = 10;

const stores = ['segment', 'file', 'value'] as const;

export function putGarbage(batch: RocksdbBatch<StoreColumn>, garbage: Garbage): void {
  const bytes = Buffer.allocUnsafe(garbageBytes);
  bytes[0] = garbageVersion;
  bytes[1] = stores.indexOf(garbage.store);
  bytes.writeDoubleLE(garbage.length, 2);
  batch.put('default', keyOf(garbage), bytes);
}

export function deleteGarbage(batch: RocksdbBatch<StoreColumn>, garbage: Garbage): void {
  batch.delete('default', keyOf(garbage));
}

/** Up to `limit` entries, those due first. Throws `corrupt`. */
export function readGarbage(database: RocksdbDatabase<StoreColumn>, limit: number): Garbage[] {
  const page = database.range('default', { ...garbageRange(), limit });
  return page.keys.map((key, n) => {
    const bytes = page.values[n]!;
    const store = stores[bytes[1] ?? -1];
    if (bytes.length !== garbageBytes || bytes[0] !== garbageVersion || store === undefined) {
      throw new GantryError('corrupt', 'a garbage entry of unknown form');
    }
    return { ...partsOfGarbageKey(key), store, length: bytes.readDoubleLE(2) };
  });
}

/** The highest file number among the entries, 0 when there is none: it must not be given out again while its file may go. */
export function lastGarbageFile(database: RocksdbDatabase<StoreColumn>): number {
  const { gte, lt } = garbageRange();
  let last = 0;
  for (let rest: { gte: Buffer } | { gt: Buffer } = { gte }; ;) {
    const page = database.range('default', { ...rest, lt, limit: pageEntries, values: false });
    for (const key of page.keys) last = Math.max(last, partsOfGarbageKey(key).segment);
    const end = page.keys.at(-1);
    if (!page.isCut || end === undefined) return last;
    rest = { gt: end };
  }
}

const pageEntries = 4096;

function keyOf({ dueAtMs, segment, offset }: Garbage): Buffer {
  return garbageKey(dueAtMs, segment, offset);
}
