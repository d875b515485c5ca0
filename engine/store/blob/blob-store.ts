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

/** Port: where the store thread puts bytes. Its adapters pass test/contract/blob-store.contract.ts. */
export interface BlobStore {
  /** Must be written with the batch of each group, and handed to the store again after a restart. */
  readonly position: BlobLogPosition;
  /**
   * Writes the blobs of one commit group. They are durable, whole and readable by their locators once `batch` is written; a
   * group whose batch fails leaves nothing that can be read.
   *
   * Throws `storage-full` when there is no space; nothing of the group is kept and a later group may succeed. Any other error
   * means that the storage can no longer be trusted.
   */
  writeGroup(records: readonly BlobRecord[], batch: RocksdbBatch<StoreColumn>): BlobLocator[];
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
