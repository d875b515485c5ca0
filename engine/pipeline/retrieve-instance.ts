import type { BlobSource } from '../engine-types.js';
import type { BlobLocator } from '#engine/store/catalog/catalog-records.js';
import type { BlobRangeReader } from './read-blob.js';

/** The stored bytes `[offset, offset + length)` of a blob, read piece by piece. */
export function openBlobSource(
  reader: BlobRangeReader,
  locator: BlobLocator,
  offset = 0,
  length = locator.length - offset,
): BlobSource {
  return {
    length,
    read: (position, lengthMax) =>
      reader.read(locator, offset + position, Math.min(lengthMax, length - position)),
  };
}
