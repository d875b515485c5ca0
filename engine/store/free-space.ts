import { statfsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { GantryError } from '#engine/base/error-catalogue.js';

/** How long a look at the file system is believed, less what was written since. */
const believedMs = 100;

/**
 * Keeps part of the disk free: RocksDB and the index write on their own account, deletions need some space before they give any,
 * and a database that has met a full disk may not recover without a restart. New instances are refused before that.
 */
export class FreeSpace {
  readonly #directory: string;
  readonly #reserveBytes: number;
  #freeBytes = 0;
  #lookedAtMs = -Infinity;

  /** @param reserveBytes - 0: the disk may be filled */
  constructor(directory: string, reserveBytes: number) {
    this.#directory = directory;
    this.#reserveBytes = reserveBytes;
  }

  /** To be called before `bytes` are written. Throws `storage-full` when they would use the reserve. */
  take(bytes: number): void {
    if (this.#reserveBytes === 0) return;
    const isOld = performance.now() - this.#lookedAtMs > believedMs;
    // What was taken and not written, or written over what was there, must not make a refusal.
    if (isOld || this.#freeBytes - bytes < this.#reserveBytes) this.#look();
    if (this.#freeBytes - bytes < this.#reserveBytes) {
      throw new GantryError('storage-full', 'what is left of the disk is kept free');
    }
    this.#freeBytes -= bytes;
  }

  /** Whether so much could be written now without using the reserve. */
  hasRoom(bytes: number): boolean {
    this.#look();
    return this.#freeBytes - bytes >= this.#reserveBytes;
  }

  #look(): void {
    const { bavail, bsize } = statfsSync(this.#directory);
    this.#freeBytes = bavail * bsize;
    this.#lookedAtMs = performance.now();
  }
}
