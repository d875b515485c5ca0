import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { BlobRecord } from '../blob/blob-store.js';
import {
  hasRecordMagic,
  readRecordHeader,
  recordAlignmentBytes,
  recordBytes,
  recordHeaderBytes,
} from '../blob/record-header.js';
import type { RecordHeader } from '../blob/record-header.js';
import { segmentPath } from '../blob/segment-files.js';
import { putDeleted } from '../commit/deleted-instances.js';
import { putMovedInstance } from '../commit/group-records.js';
import type { StoreWriter } from '../commit/store-writer.js';
import type { InstanceRecord } from '../catalog/catalog-records.js';
import { toWriteError } from '../store-errors.js';

export interface SegmentCompactionOptions {
  readonly writer: StoreWriter;
  /** Of the segment files. */
  readonly directory: string;
  readonly segment: number;
  /** Bytes that one step copies, though always one record. */
  readonly stepBytesMax: number;
}

/** Places that one step looks at, and records that it looks up: about 2 ms each. */
const stepPlacesMax = 512;
const stepLookupsMax = 64;

interface LiveRecord {
  readonly header: RecordHeader;
  readonly record: InstanceRecord;
  /** Of a deleted instance that can be brought back: until when. */
  readonly dueAtMs: number | undefined;
}

/**
 * Moves what is still referred to out of one segment file, a bounded step at a time. A step appends its records to the active
 * segment, syncs them, and switches the locators in one synced batch, as a commit group does: a crash leaves every instance with
 * the old place or the new one, and both hold its bytes. Which records are live is asked of the catalogue at each step; the file
 * itself is only read.
 */
export class SegmentCompaction {
  readonly #options: SegmentCompactionOptions;
  readonly #fd: number;
  readonly #fileBytes: number;
  readonly #head = Buffer.alloc(recordHeaderBytes);
  #at = 0;

  /** Throws when the file cannot be opened. */
  constructor(options: SegmentCompactionOptions) {
    this.#options = options;
    this.#fd = openSync(segmentPath(options.directory, options.segment, 'seg'), 'r');
    this.#fileBytes = fstatSync(this.#fd).size;
  }

  get segment(): number {
    return this.#options.segment;
  }

  /** Whether the end of the file has been reached. */
  get isDone(): boolean {
    return this.#at + recordHeaderBytes > this.#fileBytes;
  }

  /** Moves the next records; returns the bytes copied. Throws `storage-full`, after which it may go on later. */
  step(): number {
    const start = this.#at;
    const live = this.#nextLiveRecords();
    if (live.length === 0) return 0;
    const { writer } = this.#options;
    const { batch, blobs, usage } = writer;
    try {
      const copies = live.flatMap((each) => this.#copyOf(each));
      const locators = blobs.placeGroup(
        copies.map(({ copy }) => copy),
        batch,
      );
      copies.forEach(({ record, copy, dueAtMs }, n) => {
        const blob = locators[n]!;
        usage.release(record.blob);
        usage.add(blob);
        const moved = { ...record, blob };
        if (dueAtMs === undefined) putMovedInstance(batch, copy.partition, moved);
        else putDeleted(writer, copy.partition, { record: moved, dueAtMs });
      });
      writer.write();
      return copies.reduce((sum, { copy }) => sum + copy.length, 0);
    } catch (error) {
      writer.abandon();
      this.#at = start;
      throw toWriteError(error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  #nextLiveRecords(): LiveRecord[] {
    const live: LiveRecord[] = [];
    let bytes = 0;
    let lookups = 0;
    for (let places = 0; places < stepPlacesMax && !this.isDone; places++) {
      const header = this.#headerAt(this.#at);
      if (header === undefined) {
        this.#at += recordAlignmentBytes;
        continue;
      }
      if (lookups === stepLookupsMax) break;
      lookups += 1;
      const found = this.#liveRecordOf(header);
      if (found !== undefined) {
        if (live.length > 0 && bytes + header.blobLength > this.#options.stepBytesMax) break;
        bytes += header.blobLength;
        live.push({ header, ...found });
      }
      // Only what the catalogue agrees with is known to end where its header says.
      this.#at += found === undefined ? recordAlignmentBytes : recordBytes(header.blobLength);
    }
    return live;
  }

  #headerAt(position: number): RecordHeader | undefined {
    const count = this.#read(this.#head, position);
    if (count < recordHeaderBytes || !hasRecordMagic(this.#head)) return undefined;
    try {
      return readRecordHeader(this.#head);
    } catch {
      return undefined;
    }
  }

  /** Returns how many bytes there were; none where the disk cannot give them, which is damage of that place alone. */
  #read(target: Buffer, position: number): number {
    try {
      return readSync(this.#fd, target, 0, target.length, position);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EIO') return 0;
      throw error;
    }
  }

  /** The record of the instance, or of a deleted one, that refers to the place where the header lies. */
  #liveRecordOf(header: RecordHeader): Omit<LiveRecord, 'header'> | undefined {
    const { catalog } = this.#options.writer;
    const record = catalog.findInstance(header.partition, header);
    if (record !== undefined && this.#isHere(record, header)) {
      return { record, dueAtMs: undefined };
    }
    const [deleted] = catalog.findDeleted(header.partition, [header]);
    return deleted !== undefined && this.#isHere(deleted.record, header) ? deleted : undefined;
  }

  #isHere({ blob }: InstanceRecord, header: RecordHeader): boolean {
    const { store, segment, offset, length } = blob;
    return (
      store === 'segment' &&
      segment === this.#options.segment &&
      offset === this.#at + header.blobOffset &&
      length === header.blobLength
    );
  }

  /** The record to be written elsewhere; none when its bytes are damaged: they stay where somebody may still save them. */
  #copyOf(live: LiveRecord): (LiveRecord & { readonly copy: BlobRecord })[] {
    const { header, record } = live;
    const { blob } = record;
    const bytes = Buffer.allocUnsafe(blob.length);
    for (let done = 0; done < bytes.length;) {
      const count = this.#read(bytes.subarray(done), blob.offset + done);
      if (count === 0) return [];
      done += count;
    }
    if (crc32(bytes) !== blob.crc32) return [];
    const copy: BlobRecord = {
      partition: header.partition,
      identifiers: { ...uidsOf(record), sopClassUid: header.sopClassUid },
      transferSyntaxUid: record.transferSyntaxUid,
      sequence: record.sequence,
      createdAtMs: record.createdAtMs,
      prefix: bytes.subarray(0, 0),
      extents: [bytes],
      length: blob.length,
      crc32: blob.crc32,
    };
    return [{ ...live, copy }];
  }
}

function uidsOf(
  record: InstanceRecord,
): Pick<InstanceRecord, 'studyInstanceUid' | 'seriesInstanceUid' | 'sopInstanceUid'> {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = record;
  return { studyInstanceUid, seriesInstanceUid, sopInstanceUid };
}

/** What an operator is told of a segment that could not be emptied. */
export function damagedSegment(segment: number): GantryError {
  return new GantryError(
    'corrupt',
    `segment file ${segment} holds records that could not be moved; it stays as it is`,
  );
}
