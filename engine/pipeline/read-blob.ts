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

  async read(locator: BlobLocator, position: number, length: number): Promise<Uint8Array> {
    const target = Buffer.allocUnsafeSlow(length);
    if (this.#cautiousReadsLeft > 0) {
      this.#cautiousReadsLeft--;
      requireAll(await this.#blobs.read(locator, position, target), length);
      return target;
    }
    const startedAtMs = performance.now();
    requireAll(this.#blobs.readSync(locator, position, target), length);
    // Copying alone takes about 0.1 ms a mebibyte.
    const allowedMs = slowReadMs + length / (4 * 1024 * 1024);
    if (performance.now() - startedAtMs > allowedMs) this.#cautiousReadsLeft = cautiousReads;
    return target;
  }
}

/** A layout that points beyond its blob is damage, not the end of a file. */
function requireAll(bytesRead: number, bytesWanted: number): void {
  if (bytesRead !== bytesWanted) throw new GantryError('corrupt', 'a stored range is too short');
}
