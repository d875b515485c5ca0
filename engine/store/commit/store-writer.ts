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
  /** The last batch failed, maybe behind a group that was logged: only a synced one, with a later state, leaves that out for good. */
  #mustSync = false;

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

  /**
   * Makes the batch durable, and the blobs placed for it, with the state of the store after it; `sequence` is the last one it gave
   * out. One sync does when the blob store has logged the operations: RocksDB then gets them unsynced, and whoever opens the store
   * after a loss of power takes them from there (`recoverBlobLog`).
   */
  write(sequence: number = this.#sequence, changes?: HierarchyChanges): void {
    const { batch, blobs } = this;
    // Of blobs that are written before a batch that is refused the space is lost.
    if (this.#mustSync) this.checkWritable();
    this.usage.put(batch);
    batch.put('default', storeStateKey, encodeStoreState({ ...blobs.position, sequence }));
    const { operations } = batch;
    const sequences = { sequenceBefore: this.#sequence, sequenceAfter: sequence };
    const isLogged = blobs.writePlaced({ operations, ...sequences });
    const isSynced = !isLogged || this.#mustSync;
    this.#mustSync = true;
    batch.write({ isSynced });
    this.#mustSync = false;
    this.#sequence = sequence;
    this.usage.keep();
    if (changes !== undefined) this.hierarchy.keep(changes);
  }

  /** Throws what a write would while RocksDB takes none, as until it has noticed that a disk that was full has space again. */
  checkWritable(): void {
    this.database.createBatch().write({ isSynced: false });
  }

  /** Gives up what was put into the batch. */
  abandon(): void {
    this.batch.clear();
    this.blobs.discardPlaced();
    this.usage.discard();
  }
}
