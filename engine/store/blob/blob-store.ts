import type { InstanceIdentifiers } from '#engine/dicom/instance/parsed-instance.js';
import type { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type { BlobLocator } from '../catalog/catalog-records.js';

/** A blob to be written, with what a lost catalogue is rebuilt from. */
export interface BlobRecord {
  readonly partition: number;
  readonly identifiers: InstanceIdentifiers;
  readonly transferSyntaxUid: string;
  readonly sequence: number;
  readonly createdAtMs: number;
  /** First bytes of the blob, made by the store; `extents` are the rest, as received. */
  readonly prefix: Uint8Array;
  readonly extents: readonly Uint8Array[];
  /** Bytes of `prefix` and `extents`, and their CRC-32. */
  readonly length: number;
  readonly crc32: number;
}

/** The end of the blob log: the segment that is appended to (0 when there is none) and where its records end. */
export interface BlobLogPosition {
  readonly segment: number;
  readonly segmentEnd: number;
}

/** The batch of a group, and the last sequence of the change log before and after it. */
export interface GroupCommit {
  /** Operations of the batch; undefined when they are too many to be written twice. */
  readonly operations: Uint8Array | undefined;
  readonly sequenceBefore: number;
  readonly sequenceAfter: number;
}

/**
 * Port: where the store thread puts bytes, one group at a time: `placeGroup`, the batch is filled, `writePlaced`, the batch is
 * written. Its adapters pass test/contract/blob-store.contract.ts.
 */
export interface BlobStore {
  /** Must be written with the batch of each group, and handed to the store again after a restart. */
  readonly position: BlobLogPosition;
  /**
   * Says where the blobs of a group will be; those that RocksDB keeps are put into `batch`. The extents must stay as they are
   * until `writePlaced`. Throws `storage-full` when there is no space.
   */
  placeGroup(records: readonly BlobRecord[], batch: RocksdbBatch<StoreColumn>): BlobLocator[];
  /**
   * Writes what was placed: the blobs are durable, whole and readable by their locators once the batch is written; a group whose
   * batch fails leaves nothing that can be read. True when the operations of the batch are durable with them, so that the batch
   * need not be synced.
   *
   * Throws `storage-full` when there is no space; nothing of the group is kept and a later group may succeed. Any other error
   * means that the storage can no longer be trusted.
   */
  writePlaced(commit: GroupCommit): boolean;
  /** Forgets what was placed and not written. */
  discardPlaced(): void;
  close(): Promise<void>;
}

/** Port: reads blobs, on any thread. */
export interface BlobReader {
  /**
   * Fills `target` from `position` of the blob; returns the bytes read: fewer than asked only at the end of the blob, 0 behind
   * it. Throws `corrupt` when the bytes are not there.
   */
  readSync(locator: BlobLocator, position: number, target: Uint8Array): number;
  /** As `readSync`, without blocking the thread while the disk works. */
  read(locator: BlobLocator, position: number, target: Uint8Array): Promise<number>;
  /** The file of these locators was removed: it is no longer kept open, which gives its space back. Reads under way end well. */
  forgetFile(file: Pick<BlobLocator, 'store' | 'segment'>): void;
  close(): void;
}
