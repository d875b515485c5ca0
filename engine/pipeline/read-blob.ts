import { BufferPool } from '#engine/base/buffer-pool.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { BlobReader } from '#engine/store/blob/blob-store.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { BlobBlocks, BlobChecksums } from './blob-checksums.js';
import type { DamageLog } from './damage-log.js';

/** The blob of an instance. */
export interface BlobAddress {
  readonly partition: number;
  readonly record: InstanceRecord;
}

export interface BlobRangeReaderOptions {
  readonly blobs: BlobReader;
  /** Without it nothing is checked. */
  readonly checksums: BlobChecksums | undefined;
  readonly damage: Pick<DamageLog, 'note' | 'refuseKnown'>;
}

/** A synchronous read slower than this came from a disk that would block the event loop. */
const slowReadMs = 2;

/**
 * Reads done by the thread pool after a slow one, before the disk is tried again: few after one slow read, which may only say
 * that others use the processor, twice as many after each that follows.
 */
const cautiousReadsMin = 4;
const cautiousReadsMax = 64;

/** A range that needs no more than this with the blocks it touches is read in one go and copied. */
const copiedBytesMax = 128 * 1024;

/** What such ranges are read into; as many are kept as reads of slow disks are mostly under way. */
const asides = new BufferPool(copiedBytesMax, 8);

/**
 * Reads a stretch of a blob. Bytes in the page cache are fastest read in place, on this thread (15,000 against 10,000 frames a
 * second through the pool); bytes on a slow disk must not hold up everybody else. How the last reads went decides.
 *
 * Every byte is compared with the checksum of its block before anybody gets it: blocks that a stretch only touches are read whole.
 */
export class BlobRangeReader {
  readonly #options: BlobRangeReaderOptions;
  #cautiousReadsLeft = 0;
  #cautiousReadsNext = cautiousReadsMin;

  constructor(options: BlobRangeReaderOptions) {
    this.#options = options;
  }

  /**
   * Fills `target` from `position` of the blob. Throws, or rejects with, `corrupt` when the blob ends before or its bytes are not
   * those that were stored.
   */
  read(address: BlobAddress, position: number, target: Uint8Array): number | Promise<number> {
    try {
      const result = this.#readChecked(address, position, target);
      return typeof result === 'number'
        ? result
        : result.catch((error: unknown) => this.#damaged(address, error));
    } catch (error) {
      return this.#damaged(address, error);
    }
  }

  /**
   * How many of `bytesMax` bytes from `position` end where a block does, or the blob: reading more would read the rest of a block
   * now and the whole of it again next time. 0 where no block ends that early.
   */
  wholeBlocksBytes({ partition, record }: BlobAddress, position: number, bytesMax: number): number {
    const end = position + bytesMax;
    if (bytesMax <= 0 || end >= record.blob.length) return bytesMax;
    const blocks = this.#options.checksums?.blocksOf(partition, record);
    return blocks === undefined ? bytesMax : Math.max(0, blocks.startOf(end) - position);
  }

  /** Throws `corrupt` for an instance of which damaged bytes were read before. */
  refuseDamaged({ partition, record }: BlobAddress): void {
    this.#options.damage.refuseKnown(partition, record);
  }

  #readChecked(
    address: BlobAddress,
    position: number,
    target: Uint8Array,
  ): number | Promise<number> {
    const { partition, record } = address;
    const { checksums } = this.#options;
    if (position + target.length > record.blob.length) throw tooShort();
    const blocks = target.length === 0 ? undefined : checksums?.blocksOf(partition, record);
    if (blocks === undefined) return this.#readRange(record, { position, target });
    const ranges = rangesOf(blocks, position, target);
    for (const [n, range] of ranges.entries()) {
      const read = this.#readRange(record, range);
      if (typeof read !== 'number') {
        return this.#readRest(record, blocks, ranges.slice(n), read).then(() => target.length);
      }
      finish(blocks, range);
    }
    return target.length;
  }

  async #readRest(
    record: InstanceRecord,
    blocks: BlobBlocks,
    ranges: readonly CheckedRange[],
    first: Promise<number>,
  ): Promise<void> {
    let read: number | Promise<number> = first;
    for (const [n, range] of ranges.entries()) {
      await read;
      finish(blocks, range);
      const next = ranges[n + 1];
      if (next !== undefined) read = this.#readRange(record, next);
    }
  }

  #readRange(
    { blob }: InstanceRecord,
    { position, target }: { readonly position: number; readonly target: Uint8Array },
  ): number | Promise<number> {
    const { blobs } = this.#options;
    if (this.#cautiousReadsLeft > 0) {
      this.#cautiousReadsLeft--;
      return blobs.read(blob, position, target).then((bytesRead) => requireAll(bytesRead, target));
    }
    const startedAtMs = performance.now();
    const bytesRead = blobs.readSync(blob, position, target);
    // Copying alone takes about 0.1 ms a mebibyte.
    const allowedMs = slowReadMs + target.length / (4 * 1024 * 1024);
    if (performance.now() - startedAtMs > allowedMs) {
      this.#cautiousReadsLeft = this.#cautiousReadsNext;
      this.#cautiousReadsNext = Math.min(2 * this.#cautiousReadsNext, cautiousReadsMax);
    } else {
      this.#cautiousReadsNext = cautiousReadsMin;
    }
    return requireAll(bytesRead, target);
  }

  #damaged(address: BlobAddress, error: unknown): never {
    if (error instanceof GantryError && error.code === 'corrupt') {
      this.#options.damage.note(address, error.detail);
    }
    throw error;
  }
}

/** Whole blocks to be read from `position` into `target`, of which `wanted` is to be copied to `to`. */
interface CheckedRange {
  readonly position: number;
  readonly target: Uint8Array;
  readonly wanted: Uint8Array;
  readonly to: Uint8Array;
  /** What `target` is part of, where it is not part of what is to be filled. */
  readonly buffer: Buffer | undefined;
}

/** Cuts a stretch where its blocks do: those that lie inside it are read in place, those at its ends beside it. */
function rangesOf(blocks: BlobBlocks, position: number, target: Uint8Array): CheckedRange[] {
  const end = position + target.length;
  const start = blocks.startOf(position);
  const last = blocks.endOf(end - 1);
  if (start === position && last === end) return [inPlace(position, target)];
  if (last - start <= copiedBytesMax) return [aside(start, last, position, target)];
  const innerStart = start === position ? position : blocks.endOf(position);
  const innerEnd = last === end ? end : blocks.startOf(end - 1);
  const ranges: CheckedRange[] = [];
  const part = (from: number, to: number): Uint8Array =>
    target.subarray(from - position, to - position);
  if (start < position) ranges.push(aside(start, innerStart, position, part(position, innerStart)));
  if (innerStart < innerEnd) ranges.push(inPlace(innerStart, part(innerStart, innerEnd)));
  if (innerEnd < end) ranges.push(aside(innerEnd, last, innerEnd, part(innerEnd, end)));
  return ranges;
}

function inPlace(position: number, target: Uint8Array): CheckedRange {
  return { position, target, wanted: target, to: target, buffer: undefined };
}

function aside(start: number, end: number, position: number, to: Uint8Array): CheckedRange {
  const length = end - start;
  const buffer = length <= copiedBytesMax ? asides.take() : Buffer.allocUnsafeSlow(length);
  const target = buffer.subarray(0, length);
  const wanted = target.subarray(position - start, position - start + to.length);
  return { position: start, target, wanted, to, buffer };
}

function finish(blocks: BlobBlocks, { position, target, wanted, to, buffer }: CheckedRange): void {
  blocks.verify(position, target);
  if (buffer === undefined) return;
  to.set(wanted);
  if (buffer.length === copiedBytesMax) asides.giveBack(buffer);
}

/** A layout that points beyond its blob is damage, not the end of a file. */
function requireAll(bytesRead: number, target: Uint8Array): number {
  if (bytesRead === target.length) return bytesRead;
  throw tooShort();
}

function tooShort(): GantryError {
  return new GantryError('corrupt', 'a stored range is too short');
}
