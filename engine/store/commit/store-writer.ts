import type { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import type { BlobStore } from '../blob/blob-store.js';
import { SegmentUsage } from '../blob/segment-usage.js';
import { storeStateKey } from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import { CatalogReader } from '../catalog/catalog-reader.js';
import { encodeStoreState } from '../store-state.js';
import { Hierarchy } from './hierarchy.js';
import type { HierarchyChanges } from './hierarchy.js';

export interface StoreWriterOptions {
  readonly database: RocksdbDatabase<StoreColumn>;
  readonly blobs: BlobStore;
  /** Last sequence of the change log. */
  readonly sequence: number;
}

/**
 * What all that change the catalogue share: one batch, the last sequence, the records in memory. Commit groups, deletions and
 * compactions each fill the batch and write it before the next one begins.
 */
export class StoreWriter {
  readonly database: RocksdbDatabase<StoreColumn>;
  readonly blobs: BlobStore;
  readonly catalog: CatalogReader;
  readonly hierarchy: Hierarchy;
  readonly usage: SegmentUsage;
  readonly batch: RocksdbBatch<StoreColumn>;
  #sequence: number;

  constructor({ database, blobs, sequence }: StoreWriterOptions) {
    this.database = database;
    this.blobs = blobs;
    this.catalog = new CatalogReader(database);
    this.hierarchy = new Hierarchy(this.catalog);
    this.usage = new SegmentUsage(database);
    this.batch = database.createBatch();
    this.#sequence = sequence;
  }

  /** Last sequence of the change log. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Makes the batch durable, with the state of the store after it; `sequence` is the last one it gave out. */
  write(sequence: number = this.#sequence, changes?: HierarchyChanges): void {
    this.usage.put(this.batch);
    const state = { ...this.blobs.position, sequence };
    this.batch.put('default', storeStateKey, encodeStoreState(state));
    this.batch.writeSync();
    this.#sequence = sequence;
    this.usage.keep();
    if (changes !== undefined) this.hierarchy.keep(changes);
  }

  /** Gives up what was put into the batch. */
  abandon(): void {
    this.batch.clear();
    this.usage.discard();
  }
}
