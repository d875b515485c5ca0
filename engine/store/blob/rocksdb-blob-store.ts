import type { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';
import { blobChunkKey } from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type { BlobLocator } from '../catalog/catalog-records.js';
import type { BlobLogPosition, BlobRecord, BlobStore } from './blob-store.js';

/** Bytes of one RocksDB value; a longer blob takes several. */
export const blobChunkBytes = 1024 * 1024;

/**
 * Blobs as RocksDB values, in the batch that commits them: one sync, but every byte is written twice, to the log and from the
 * memtable. Good for small blobs.
 */
export class RocksdbBlobStore implements BlobStore {
  /** That of the blob log, which this store does not move, so that a site may change between the two. */
  readonly position: BlobLogPosition;

  constructor(position: BlobLogPosition) {
    this.position = position;
  }

  placeGroup(records: readonly BlobRecord[], batch: RocksdbBatch<StoreColumn>): BlobLocator[] {
    return records.map((record) => {
      // The sequence is unique in the store, so it can name the blob.
      const locator: BlobLocator = {
        store: 'value',
        segment: 0,
        offset: record.sequence,
        length: record.length,
        crc32: record.crc32,
      };
      const chunks = Math.ceil(record.length / blobChunkBytes);
      for (let chunk = 0; chunk < chunks; chunk++) {
        batch.put('blobs', blobChunkKey(0, record.sequence, chunk), chunkOf(record, chunk));
      }
      return locator;
    });
  }

  writePlaced(): boolean {
    return false;
  }

  discardPlaced(): void {
    // They are in the batch, which is given up with them.
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** A copy of the bytes of one chunk of a blob. */
function chunkOf(record: BlobRecord, chunk: number): Buffer {
  const start = chunk * blobChunkBytes;
  const end = Math.min(start + blobChunkBytes, record.length);
  const bytes = Buffer.allocUnsafe(end - start);
  let at = 0;
  for (const piece of [record.prefix, ...record.extents]) {
    const from = Math.max(start - at, 0);
    const to = Math.min(end - at, piece.length);
    if (from < to) bytes.set(piece.subarray(from, to), at + from - start);
    at += piece.length;
  }
  return bytes;
}
