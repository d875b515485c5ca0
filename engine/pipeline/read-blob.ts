import { GantryError } from '#engine/base/error-catalogue.js';
import type { BlobReader } from '#engine/store/blob/blob-store.js';
import type { BlobLocator } from '#engine/store/catalog/catalog-records.js';

/** A synchronous read slower than this came from a disk that would block the event loop. */
const slowReadMs = 2;

/** Reads done by the thread pool after a slow one, before the disk is tried again. */
const cautiousReads = 64;

/**
 * Reads a stretch of a blob. Bytes in the page cache are fastest read in place, on this thread (15,000 against 10,000 frames a
 * second through the pool); bytes on a slow disk must not hold up everybody else. How the last reads went decides.
 */
export class BlobRangeReader {
  readonly #blobs: BlobReader;
  #cautiousReadsLeft = 0;

  constructor(blobs: BlobReader) {
    this.#blobs = blobs;
  }

  /** Fills `target` from `position` of the blob. Throws, or rejects with, `corrupt` when the blob ends before. */
  read(locator: BlobLocator, position: number, target: Uint8Array): number | Promise<number> {
    if (this.#cautiousReadsLeft > 0) {
      this.#cautiousReadsLeft--;
      return this.#blobs
        .read(locator, position, target)
        .then((bytesRead) => requireAll(bytesRead, target));
    }
    const startedAtMs = performance.now();
    const bytesRead = this.#blobs.readSync(locator, position, target);
    // Copying alone takes about 0.1 ms a mebibyte.
    const allowedMs = slowReadMs + target.length / (4 * 1024 * 1024);
    if (performance.now() - startedAtMs > allowedMs) this.#cautiousReadsLeft = cautiousReads;
    return requireAll(bytesRead, target);
  }
}

/** A layout that points beyond its blob is damage, not the end of a file. */
function requireAll(bytesRead: number, target: Uint8Array): number {
  if (bytesRead === target.length) return bytesRead;
  throw new GantryError('corrupt', 'a stored range is too short');
}
