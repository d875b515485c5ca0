import { GantryError } from '#engine/base/error-catalogue.js';
import type { BlobLocator } from '../catalog/catalog-records.js';
import type { BlobLogPosition, BlobReader, BlobRecord, BlobStore } from './blob-store.js';

/** Blobs in memory, for tests of what lies above the port. */
export class MemoryBlobStore implements BlobStore {
  readonly position: BlobLogPosition = { segment: 0, segmentEnd: 0 };
  readonly #blobs: Buffer[] = [];

  readonly reader: BlobReader = {
    readSync: (locator, position, target) => this.#read(locator, position, target),
    read: (locator, position, target) =>
      Promise.resolve().then(() => this.#read(locator, position, target)),
    forgetFile: () => undefined,
    close: () => undefined,
  };

  placeGroup(records: readonly BlobRecord[]): BlobLocator[] {
    return records.map((record) => {
      this.#blobs.push(Buffer.concat([record.prefix, ...record.extents]));
      return {
        store: 'value',
        segment: 0,
        offset: this.#blobs.length - 1,
        length: record.length,
        crc32: record.crc32,
      };
    });
  }

  writePlaced(): boolean {
    return false;
  }

  discardPlaced(): void {
    // Blobs that no locator names do no harm.
  }

  close(): Promise<void> {
    this.#blobs.length = 0;
    return Promise.resolve();
  }

  #read(locator: BlobLocator, position: number, target: Uint8Array): number {
    const blob = this.#blobs[locator.offset];
    if (blob === undefined) throw new GantryError('corrupt', 'the blob is not in the store');
    return position < blob.length ? blob.copy(target, 0, position) : 0;
  }
}
