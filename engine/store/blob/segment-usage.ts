import type { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { segmentOfKey, segmentUseKey, segmentUseRange } from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type { BlobLocator } from '../catalog/catalog-records.js';
import { recordBytes } from './record-header.js';

/** Bytes of whole records, header and padding included. */
export interface SegmentUse {
  /** Records that an instance refers to. */
  readonly liveBytes: number;
  /** Records ever committed to the segment. */
  readonly usedBytes: number;
}

/** version u8, liveBytes f64, usedBytes f64 (little-endian) */
const useVersion = 1;
const useBytes = 17;

const pageEntries = 4096;

const unused: SegmentUse = { liveBytes: 0, usedBytes: 0 };

/**
 * How much of each segment file is still referred to. It only says where reclaiming bytes is worth while: what may be removed
 * follows from the records themselves.
 */
export class SegmentUsage {
  readonly #uses = new Map<number, SegmentUse>();
  /** Uses as the batch in progress leaves them; undefined for segments that it forgets. */
  readonly #changed = new Map<number, SegmentUse | undefined>();

  constructor(database: RocksdbDatabase<StoreColumn>) {
    const { gte, lt } = segmentUseRange();
    for (let range: { gte: Buffer } | { gt: Buffer } = { gte }; ;) {
      const page = database.range('default', { ...range, lt, limit: pageEntries });
      page.keys.forEach((key, n) => this.#uses.set(segmentOfKey(key), decode(page.values[n]!)));
      const last = page.keys.at(-1);
      if (!page.isCut || last === undefined) return;
      range = { gt: last };
    }
  }

  /** Uses as committed. */
  get uses(): ReadonlyMap<number, SegmentUse> {
    return this.#uses;
  }

  /** The batch in progress refers to a new blob. */
  add(blob: BlobLocator): void {
    const bytes = recordBytes(blob.length);
    this.#change(blob, { liveBytes: bytes, usedBytes: bytes });
  }

  /** The segment of the batch in progress holds a blob that nothing refers to. */
  addGarbage(blob: BlobLocator): void {
    this.#change(blob, { liveBytes: 0, usedBytes: recordBytes(blob.length) });
  }

  /** The batch in progress no longer refers to a blob. */
  release(blob: BlobLocator): void {
    this.#change(blob, { liveBytes: -recordBytes(blob.length), usedBytes: 0 });
  }

  /** The batch in progress gives the segment up. */
  forget(segment: number): void {
    this.#changed.set(segment, undefined);
  }

  /** Puts what has changed into the batch. */
  put(batch: RocksdbBatch<StoreColumn>): void {
    for (const [segment, use] of this.#changed) {
      const key = segmentUseKey(segment);
      if (use === undefined) batch.delete('default', key);
      else batch.put('default', key, encode(use));
    }
  }

  /** The batch is durable. */
  keep(): void {
    for (const [segment, use] of this.#changed) {
      if (use === undefined) this.#uses.delete(segment);
      else this.#uses.set(segment, use);
    }
    this.#changed.clear();
  }

  /** The batch was given up. */
  discard(): void {
    this.#changed.clear();
  }

  #change(blob: BlobLocator, by: SegmentUse): void {
    if (blob.store !== 'segment') return;
    const { segment } = blob;
    const { liveBytes, usedBytes } =
      this.#changed.get(segment) ?? this.#uses.get(segment) ?? unused;
    this.#changed.set(segment, {
      liveBytes: liveBytes + by.liveBytes,
      usedBytes: usedBytes + by.usedBytes,
    });
  }
}

function encode({ liveBytes, usedBytes }: SegmentUse): Buffer {
  const bytes = Buffer.allocUnsafe(useBytes);
  bytes[0] = useVersion;
  bytes.writeDoubleLE(liveBytes, 1);
  bytes.writeDoubleLE(usedBytes, 9);
  return bytes;
}

function decode(bytes: Buffer): SegmentUse {
  if (bytes.length !== useBytes || bytes[0] !== useVersion) return unused;
  return { liveBytes: bytes.readDoubleLE(1), usedBytes: bytes.readDoubleLE(9) };
}
