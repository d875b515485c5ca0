import { mkdirSync, renameSync, statSync } from 'node:fs';
import { RocksdbBlobStore } from '#engine/store/blob/rocksdb-blob-store.js';
import { listSegmentFiles } from '#engine/store/blob/segment-files.js';
import type { SegmentFile } from '#engine/store/blob/segment-files.js';
import { lastSequenceInSegment, scanSegment } from '#engine/store/blob/segment-scan.js';
import type { ScannedRecord } from '#engine/store/blob/segment-scan.js';
import { changeLogStartKey } from '#engine/store/catalog/catalog-keys.js';
import { encodeChangeLogStart } from '#engine/store/catalog/change-codec.js';
import { StoreWriter } from '#engine/store/commit/store-writer.js';
import { completeOrderedKeys } from '#engine/store/complete-ordered-keys.js';
import { openCatalog } from '#engine/store/open-store.js';
import type { ParsePool } from '#engine/threads/parse-pool.js';
import { CatalogRebuilder, type FoundBlob } from './catalog-rebuilder.js';
import type { IndexWitness } from './index-witness.js';
import { RebuildNotes } from './rebuild-notes.js';
import type { RebuildPlaces } from './rebuild-places.js';
import { LossList } from './rebuild-report.js';
import type { RebuildCatalogReport } from './rebuild-report.js';

export interface RebuildCatalogProgress {
  /** Of the segment files. */
  readonly bytesDone: number;
  readonly bytesAll: number;
  /** Instances that are back. */
  readonly instanceCount: number;
  readonly elapsedMs: number;
}

export interface RebuildParts {
  readonly witness: IndexWitness | undefined;
  readonly parsePool: ParsePool;
  readonly onProgress: (progress: RebuildCatalogProgress) => void;
}

const groupInstancesMax = 64;
const groupBytesMax = 64 * 1024 * 1024;
/** Numbers passed over, for changes behind the last one that left a trace: deletions leave none in segments. */
const sequenceMargin = 1_000_000;

/** One run over all segment files, into an empty catalogue. */
export class RebuildRun {
  readonly #places: RebuildPlaces;
  readonly #parts: RebuildParts;
  readonly #startedAtMs = Date.now();
  readonly #files: readonly SegmentFile[];
  readonly #bytesAll: number;
  readonly #notes = new RebuildNotes();
  #bytesDone = 0;

  constructor(places: RebuildPlaces, parts: RebuildParts) {
    this.#places = places;
    this.#parts = parts;
    this.#files = listSegmentFiles(places.segments).filter(({ kind }) => kind !== 'new');
    this.#bytesAll = this.#files.reduce((sum, { path }) => sum + statSync(path).size, 0);
  }

  async run(): Promise<RebuildCatalogReport> {
    const { catalog, segments, lossFile } = this.#places;
    const { witness, parsePool } = this.#parts;
    const changeLogStart = this.#lastSequence() + sequenceMargin;
    mkdirSync(catalog, { recursive: true, mode: 0o700 });
    const database = await openCatalog(catalog, {});
    try {
      const blobs = new RocksdbBlobStore({ segment: 0, segmentEnd: 0 });
      const writer = new StoreWriter({ database, blobs, sequence: changeLogStart });
      completeOrderedKeys(database);
      writer.batch.put('default', changeLogStartKey, encodeChangeLogStart(changeLogStart));
      writer.write();
      const notes = this.#notes;
      const rebuilder = new CatalogRebuilder({
        ...{ directory: segments, writer, parsePool, witness, notes },
      });
      for (const file of this.#files) await this.#rebuildFile(file, rebuilder);
      // What the last groups left unused of their segments.
      writer.write();
      const losses = new LossList(lossFile);
      for (const path of await notes.list(losses, rebuilder)) renameSync(path, `${path}.kept`);
      losses.close();
      return this.#report(rebuilder, losses, changeLogStart);
    } finally {
      await database.close();
    }
  }

  #lastSequence(): number {
    const inFiles = this.#files.map(({ path }) => lastSequenceInSegment(path));
    return inFiles.reduce((last, each) => Math.max(last, each), this.#parts.witness?.sequence ?? 0);
  }

  async #rebuildFile(file: SegmentFile, rebuilder: CatalogRebuilder): Promise<void> {
    let group: FoundBlob[] = [];
    let groupBytes = 0;
    for (const record of recordsOf(file)) {
      const path = file.kind === 'big' ? file.path : undefined;
      if (!record.isIntact) {
        this.#notes.add(record.header, 'damaged', path);
        continue;
      }
      const found = foundBlobOf(file, record);
      const isOther = group[0]?.header.partition !== found.header.partition;
      const isFull = group.length === groupInstancesMax || groupBytes > groupBytesMax;
      if (group.length > 0 && (isOther || isFull)) {
        await rebuilder.add(group);
        group = [];
        groupBytes = 0;
        this.#tell(rebuilder, record.blobPosition);
      }
      group.push(found);
      groupBytes += found.locator.length;
    }
    if (group.length > 0) await rebuilder.add(group);
    this.#bytesDone += statSync(file.path).size;
    this.#tell(rebuilder, 0);
  }

  #tell({ instanceCount }: CatalogRebuilder, bytesOfFile: number): void {
    this.#parts.onProgress({
      bytesDone: this.#bytesDone + bytesOfFile,
      bytesAll: this.#bytesAll,
      instanceCount,
      elapsedMs: Date.now() - this.#startedAtMs,
    });
  }

  #report(
    { instanceCount, deletedCount, supersededCount }: CatalogRebuilder,
    { lostCount, uncertainCount, first }: LossList,
    changeLogStart: number,
  ): RebuildCatalogReport {
    const durationMs = Date.now() - this.#startedAtMs;
    const { witness } = this.#parts;
    return {
      startedAt: new Date(this.#startedAtMs).toISOString(),
      durationMs,
      segmentBytes: this.#bytesAll,
      segmentBytesPerSecond: Math.round((this.#bytesAll * 1000) / Math.max(1, durationMs)),
      ...{ instanceCount, deletedCount, supersededCount, lostCount, uncertainCount },
      losses: first,
      lossFile: this.#places.lossFile,
      ...(witness === undefined ? {} : { indexSequence: witness.sequence }),
      changeLogStart,
    };
  }
}

/** The records of a file; of one that holds a single instance only the one at its start. */
function* recordsOf({ path, kind }: SegmentFile): Generator<ScannedRecord> {
  for (const record of scanSegment(path)) {
    if (kind === 'big' && record.blobPosition !== record.header.blobOffset) return;
    yield record;
    if (kind === 'big') return;
  }
}

function foundBlobOf({ kind, number }: SegmentFile, record: ScannedRecord): FoundBlob {
  const { header, blobPosition, blockChecksums } = record;
  return {
    header,
    blockChecksums,
    locator: {
      store: kind === 'big' ? 'file' : 'segment',
      segment: number,
      offset: blobPosition,
      length: header.blobLength,
      crc32: header.blobCrc32,
    },
  };
}
