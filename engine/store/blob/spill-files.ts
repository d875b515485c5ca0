import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { assert } from '#engine/base/assert.js';
import { BlockChecksummer } from '#engine/base/block-checksums.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import { crc32Combine } from '#engine/base/crc32.js';
import type { FreeSpace } from '../free-space.js';
import { toWriteError } from '../store-errors.js';
import type { BlobLocator } from '../catalog/catalog-records.js';
import type { BlobRecord } from './blob-store.js';
import { withoutPreamble } from './preamble.js';
import { recordAlignmentBytes, recordHeaderBytes, writeRecordHeader } from './record-header.js';
import { segmentPath, syncDirectory } from './segment-files.js';
import type { SegmentNumbers } from './segment-files.js';
import { syncData, writeAllSync } from './write-file.js';

/** Where the received bytes of a spilled instance lie; `length` is what has been written so far. */
export interface SpilledBytes {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

interface SpillFile {
  readonly number: number;
  readonly path: string;
  readonly fd: number;
  readonly checksums: BlockChecksummer;
  length: number;
  unsyncedBytes: number;
}

/** Received bytes begin here; header and prefix find room in front of them. */
const receivedOffset = recordAlignmentBytes;

/** Longest prefix that fits between the header and the received bytes. */
export const spillPrefixBytesMax = receivedOffset - recordHeaderBytes;

/** Bytes after which a spill is synced in between, so that its commit does not stall all others for the whole file. */
const syncEveryBytes = 16 * 1024 * 1024;

/**
 * Instances too large to wait in memory, each in a segment file of its own that is filled while the bytes arrive. A file
 * without a committed record means nothing and is removed at the next start, where it was not before.
 */
export class SpillFiles {
  readonly #directory: string;
  readonly #freeSpace: Pick<FreeSpace, 'take'>;
  readonly #numbers: SegmentNumbers;
  readonly #spills = new Map<number, SpillFile>();
  /** Spills of which bytes were lost; more of them may be on their way. */
  readonly #failed = new Set<number>();
  /** Paths of files that were finished for a batch that is still to be written. */
  readonly #finished = new Map<number, string>();
  /** Paths of finished files whose batch failed. */
  readonly #lost: string[] = [];

  constructor(directory: string, numbers: SegmentNumbers, freeSpace: Pick<FreeSpace, 'take'>) {
    this.#freeSpace = freeSpace;
    this.#directory = directory;
    this.#numbers = numbers;
  }

  /**
   * Appends to the file of `spillId`, which is created with its first bytes: those must hold the preamble (PS3.10 §7.1) as a
   * whole to have it cleared. After an error the file is gone and further bytes fail until `abandon`; the error is
   * `storage-full` where space was lacking, `out-of-resources` where too many files are open.
   */
  append(spillId: number, extents: readonly Uint8Array[]): SpilledBytes {
    if (this.#failed.has(spillId)) throw new GantryError('storage-full');
    try {
      this.#freeSpace.take(extents.reduce((sum, extent) => sum + extent.length, 0));
      const spill = this.#spills.get(spillId) ?? this.#create(spillId);
      const pieces = spill.length === 0 ? withoutPreamble(extents) : extents;
      writeAllSync(spill.fd, pieces, receivedOffset + spill.length);
      for (const piece of pieces) {
        spill.checksums.add(piece);
        spill.length += piece.length;
        spill.unsyncedBytes += piece.length;
      }
      if (spill.unsyncedBytes >= syncEveryBytes) {
        syncData(spill.fd);
        spill.unsyncedBytes = 0;
      }
      return { path: spill.path, offset: receivedOffset, length: spill.length };
    } catch (error) {
      this.abandon(spillId);
      this.#failed.add(spillId);
      throw toWriteError(error);
    }
  }

  has(spillId: number): boolean {
    return this.#spills.has(spillId);
  }

  /** What has been received into the file, which is complete. */
  received(spillId: number): {
    readonly length: number;
    readonly crc32: number;
    readonly blockChecksums: Uint8Array;
  } {
    const spill = this.#spills.get(spillId);
    assert(spill !== undefined, 'a spill is asked for while it is open');
    const { length, checksums } = spill;
    return { length, crc32: checksums.crc32, blockChecksums: checksums.finish() };
  }

  /** Reads received bytes back; returns how many, as many as `target` holds but at the end. */
  read(spillId: number, position: number, target: Uint8Array): number {
    const spill = this.#spills.get(spillId);
    assert(spill !== undefined, 'a spill is read while it is open');
    return readSync(spill.fd, target, 0, target.length, receivedOffset + position);
  }

  /**
   * Completes the file to a record with a header and makes it durable; it counts once the batch of its group is written.
   * `record.extents` are not used. Throws `storage-full` where space was lacking; any other error is final.
   */
  finish(spillId: number, record: BlobRecord): BlobLocator {
    const spill = this.#spills.get(spillId);
    assert(spill !== undefined, 'a spill is finished while it is open');
    assert(record.prefix.length <= spillPrefixBytesMax, 'the prefix fits before the bytes');
    const offset = receivedOffset - record.prefix.length;
    const page = Buffer.alloc(receivedOffset);
    writeRecordHeader(page, record, offset);
    page.set(record.prefix, offset);
    try {
      writeAllSync(spill.fd, [page], 0);
    } catch (error) {
      this.abandon(spillId);
      throw toWriteError(error);
    }
    syncData(spill.fd);
    syncDirectory(this.#directory);
    this.#spills.delete(spillId);
    this.#finished.set(spillId, spill.path);
    closeSync(spill.fd);
    return {
      store: 'file',
      segment: spill.number,
      offset,
      length: record.length,
      crc32: record.crc32,
    };
  }

  /**
   * A batch was written: it has the files that were finished for it, and those of failed batches before it go, which a crash cannot
   * bring back any more.
   */
  settle(): void {
    this.#finished.clear();
    for (const path of this.#lost.splice(0)) unlinkSync(path);
  }

  /** Removes the file, or sees to it that `settle` does, and forgets the spill; does nothing when there is none. */
  abandon(spillId: number): void {
    this.#failed.delete(spillId);
    const finished = this.#finished.get(spillId);
    if (finished !== undefined) this.#lost.push(finished);
    this.#finished.delete(spillId);
    const spill = this.#spills.get(spillId);
    if (spill === undefined) return;
    this.#spills.delete(spillId);
    closeSync(spill.fd);
    unlinkSync(spill.path);
  }

  /** Abandons all spills. */
  close(): void {
    for (const spillId of [...this.#spills.keys()]) this.abandon(spillId);
  }

  #create(spillId: number): SpillFile {
    const number = this.#numbers.take();
    const path = segmentPath(this.#directory, number, 'big');
    const fd = openSync(path, 'wx+', 0o600);
    const checksums = new BlockChecksummer();
    const spill = { number, path, fd, checksums, length: 0, unsyncedBytes: 0 };
    this.#spills.set(spillId, spill);
    return spill;
  }
}

/** Length and CRC-32 of a blob from those of its two parts. */
export function blobOf(
  prefix: Uint8Array,
  received: { readonly length: number; readonly crc32: number },
): { readonly length: number; readonly crc32: number } {
  return {
    length: prefix.length + received.length,
    crc32: crc32Combine(crc32(prefix), received.crc32, received.length),
  };
}
