import { closeSync, fstatSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type { BlobLocator } from '../catalog/catalog-records.js';
import { toWriteError } from '../store-errors.js';
import type { BlobLogPosition, BlobRecord, BlobStore, GroupCommit } from './blob-store.js';
import { encodeCommitRecord } from './commit-record.js';
import { DirectWriter } from './direct-writer.js';
import {
  recordAlignmentBytes,
  recordBytes,
  recordHeaderBytes,
  writeRecordHeader,
} from './record-header.js';
import { segmentPath, syncDirectory } from './segment-files.js';
import type { SegmentNumbers } from './segment-files.js';
import type { SegmentPreparer } from './segment-preparer.js';
import { syncData, writeAllSync } from './write-file.js';

export interface BlobLogOptions {
  readonly directory: string;
  /** A record that does not fit below this size starts the next segment. */
  readonly segmentBytes: number;
  /** A group whose blobs are all this small goes to `values`: one sync instead of two. */
  readonly valueBytesMax: number;
  readonly values: BlobStore;
  readonly position: BlobLogPosition;
  readonly numbers: SegmentNumbers;
  readonly preparer: SegmentPreparer;
  /** The last segment is not what was committed to it: what is lost of it is for those who read it, and a new one is begun. */
  readonly onDamaged: (detail: string) => void;
}

const smallGroupFactor = 4;

interface ActiveSegment {
  readonly number: number;
  readonly fd: number;
  /** The same file for direct I/O, where the file system has it. */
  readonly directFd: number | undefined;
  /** Size of the file when it was opened: what was written beforehand. */
  readonly bytesAtOpen: number;
  /** Where the next record goes. Bytes behind it are zeros, or what a failed or cut off group left. */
  end: number;
}

/**
 * Blobs in append-only segment files: a group is written past the page cache and made durable by one `fdatasync`, together with
 * the commit record that names the operations of its batch. Records begin at multiples of 4 KiB, so that no page is written
 * twice, and go to files written with zeros beforehand where idle time allowed.
 */
export class BlobLog implements BlobStore {
  readonly #options: BlobLogOptions;
  readonly #direct = new DirectWriter();
  #active: ActiveSegment | undefined;
  #placed: PlacedGroup | undefined;

  constructor(options: BlobLogOptions) {
    this.#options = options;
    if (options.position.segment !== 0) this.#active = this.#resume(options.position);
  }

  /** Behind the blobs that are placed: the commit record that may follow them is passed over when the log is read. */
  get position(): BlobLogPosition {
    return this.#active === undefined
      ? this.#options.position
      : {
          segment: this.#active.number,
          segmentEnd: this.#active.end + (this.#placed?.bytes ?? 0),
        };
  }

  placeGroup(records: readonly BlobRecord[], batch: RocksdbBatch<StoreColumn>): BlobLocator[] {
    if (records.length === 0) return [];
    const groupBytes = records.reduce((sum, record) => sum + recordBytes(record.length), 0);
    const { valueBytesMax, values } = this.#options;
    const isSmall = records.every((record) => record.length <= valueBytesMax);
    // In a large group so many share the sync that the write amplification of values costs more.
    if (isSmall && groupBytes <= smallGroupFactor * valueBytesMax) {
      return values.placeGroup(records, batch);
    }
    const { locators, ...placed } = layOut(records, this.#segmentFor(groupBytes));
    this.#placed = placed;
    return locators;
  }

  writePlaced(commit: GroupCommit): boolean {
    const placed = this.#placed;
    if (placed === undefined) return false;
    this.#placed = undefined;
    const { segment, buffers } = placed;
    const commitRecord = commitRecordOf(placed, commit);
    const allBuffers = commitRecord === undefined ? buffers : [...buffers, commitRecord];
    try {
      if (segment.directFd === undefined) writeAllSync(segment.fd, allBuffers, segment.end);
      else this.#direct.writeAll(segment.directFd, allBuffers, segment.end);
    } catch (error) {
      giveBack(segment);
      throw toWriteError(error);
    }
    syncData(segment.fd);
    const isFirst = segment.end === 0;
    // Also a group whose batch then fails keeps its space: the batch may be in RocksDB's log nevertheless.
    segment.end += placed.bytes + (commitRecord?.length ?? 0);
    this.#options.preparer.noteUse(segment.end / this.#options.segmentBytes);
    // Until RocksDB has synced the name of the segment, nobody would look for commit records there.
    return commitRecord !== undefined && !isFirst;
  }

  discardPlaced(): void {
    this.#placed = undefined;
  }

  async close(): Promise<void> {
    if (this.#active !== undefined) closeSegment(this.#active);
    this.#active = undefined;
    await this.#options.preparer.stop();
  }

  #segmentFor(groupBytes: number): ActiveSegment {
    const active = this.#active;
    const { segmentBytes, numbers } = this.#options;
    if (active !== undefined && (active.end === 0 || active.end + groupBytes <= segmentBytes)) {
      return active;
    }
    const number = numbers.take();
    try {
      this.#active = this.#create(number);
    } catch (error) {
      throw toWriteError(error);
    }
    if (active !== undefined) finishSegment(active);
    return this.#active;
  }

  #resume({ segment: number, segmentEnd }: BlobLogPosition): ActiveSegment | undefined {
    const { directory, onDamaged } = this.#options;
    try {
      const segment = this.#open(segmentPath(directory, number, 'seg'), number, segmentEnd);
      if (segment.bytesAtOpen >= segmentEnd) return segment;
      closeSegment(segment);
      onDamaged(`segment file ${number} is shorter than what was committed`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      onDamaged(`segment file ${number} is missing`);
    }
    return undefined;
  }

  #create(number: number): ActiveSegment {
    const { directory, preparer } = this.#options;
    const path = segmentPath(directory, number, 'seg');
    if (!preparer.take(path)) closeSync(openSync(path, 'wx', 0o600));
    try {
      syncDirectory(directory);
      return this.#open(path, number, 0);
    } catch (error) {
      // No record names it yet.
      unlinkSync(path);
      throw error;
    }
  }

  #open(path: string, number: number, end: number): ActiveSegment {
    const fd = openSync(path, 'r+');
    try {
      const directFd = this.#direct.open(path);
      return { number, fd, directFd, bytesAtOpen: fstatSync(fd).size, end };
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }
}

const zeros = Buffer.alloc(recordAlignmentBytes);

/** A group that has its place and is not written. */
interface PlacedGroup {
  readonly segment: ActiveSegment;
  readonly buffers: readonly Uint8Array[];
  /** Of `buffers`: whole records. */
  readonly bytes: number;
  readonly recordCount: number;
  readonly headersCrc32: number;
}

function layOut(
  records: readonly BlobRecord[],
  segment: ActiveSegment,
): PlacedGroup & { readonly locators: BlobLocator[] } {
  const buffers: Uint8Array[] = [];
  const locators: BlobLocator[] = [];
  let start = segment.end;
  let headersCrc32 = 0;
  for (const record of records) {
    const head = Buffer.allocUnsafe(recordHeaderBytes + record.prefix.length);
    writeRecordHeader(head, record, recordHeaderBytes);
    headersCrc32 = crc32(head.subarray(0, recordHeaderBytes), headersCrc32);
    head.set(record.prefix, recordHeaderBytes);
    const bytes = recordBytes(record.length);
    const padding = bytes - recordHeaderBytes - record.length;
    buffers.push(head, ...record.extents);
    if (padding > 0) buffers.push(zeros.subarray(0, padding));
    locators.push({
      store: 'segment',
      segment: segment.number,
      offset: start + recordHeaderBytes,
      length: record.length,
      crc32: record.crc32,
    });
    start += bytes;
  }
  const bytes = start - segment.end;
  return { segment, buffers, locators, bytes, recordCount: records.length, headersCrc32 };
}

function commitRecordOf(placed: PlacedGroup, commit: GroupCommit): Buffer | undefined {
  const { operations, sequenceBefore, sequenceAfter } = commit;
  if (operations === undefined) return undefined;
  const { segment, recordCount, headersCrc32 } = placed;
  const groupStart = segment.end;
  const head = { groupStart, recordCount, headersCrc32, sequenceBefore, sequenceAfter };
  return encodeCommitRecord(head, operations);
}

/** Cuts off what a failed write made the file grow by, so that a full disk gets its space back. */
function giveBack(segment: ActiveSegment): void {
  const bytes = Math.max(segment.end, segment.bytesAtOpen);
  if (fstatSync(segment.fd).size > bytes) ftruncateSync(segment.fd, bytes);
}

/** Closes a segment that is full and gives back what was written beforehand and never used. */
function finishSegment(segment: ActiveSegment): void {
  ftruncateSync(segment.fd, segment.end);
  closeSegment(segment);
}

function closeSegment({ fd, directFd }: ActiveSegment): void {
  closeSync(fd);
  if (directFd !== undefined) closeSync(directFd);
}
