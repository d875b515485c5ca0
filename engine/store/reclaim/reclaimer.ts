import { unlinkSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { RemovedFile } from '#engine/threads/task-messages.js';
import { deleteGarbage, putGarbage, readGarbage } from '../blob/garbage-queue.js';
import type { Garbage } from '../blob/garbage-queue.js';
import { lastOwnFile } from '../blob/remove-unused-files.js';
import { blobChunkBytes } from '../blob/rocksdb-blob-store.js';
import { segmentPath, syncDirectory } from '../blob/segment-files.js';
import { blobChunkKey, ownFileKey } from '../catalog/catalog-keys.js';
import { purgeDeleted } from '../commit/deleted-instances.js';
import type { StoreWriter } from '../commit/store-writer.js';
import { toReadError, toWriteError } from '../store-errors.js';
import { damagedSegment, SegmentCompaction } from './segment-compaction.js';

export interface ReclaimerOptions {
  readonly writer: StoreWriter;
  /** Of the segment files. */
  readonly directory: string;
  /** Segments of which less than this part is live are emptied. */
  readonly liveRatioMin: number;
  readonly bytesPerSecondMax: number;
  /** How long what nothing refers to any more is kept for those who looked it up before. */
  readonly garbageGraceMs: number;
}

/** What one step did that others must know of. */
export interface ReclaimedStep {
  readonly removedFiles: readonly RemovedFile[];
  /** A segment that has to stay, for the log. */
  readonly problem?: GantryError;
}

const stepBytesMax = 4 * 1024 * 1024;
const garbagePerStep = 256;
const purgesPerStep = 64;
/** Between two steps while there is work, so that commits never wait for two. */
const pauseMsMin = 20;
/** Between two looks for work, and after something that may pass: the disk was full, or the catalogue could not be read. */
const idleMs = 1000;
const passingMs = 30_000;

/**
 * Gives the space of deleted instances back, in steps of some milliseconds between commits: removes what has waited long
 * enough, and empties segment files that are mostly garbage. Which records are live is decided by the catalogue alone; a segment
 * goes only when the count kept beside agrees that nothing refers to it.
 */
export class Reclaimer {
  readonly #options: ReclaimerOptions;
  /** Segments that could not be emptied; looked at again after a restart. */
  readonly #stuck = new Set<number>();
  #compaction: SegmentCompaction | undefined;
  #nextAtMs = 0;
  #holdsFiles = false;

  constructor(options: ReclaimerOptions) {
    this.#options = options;
  }

  /** Does one step when it is time; undefined when it is not, or nothing was removed. Of errors only those of writing are final. */
  stepWhenDue(): ReclaimedStep | undefined {
    const nowMs = performance.now();
    if (nowMs < this.#nextAtMs) return undefined;
    try {
      const purgedCount = this.#purgeDue();
      const removedFiles = this.#removeDue();
      const { copiedBytes, isIdle, problem } = this.#compact();
      const pauseMs = (copiedBytes * 1000) / this.#options.bytesPerSecondMax;
      this.#nextAtMs =
        nowMs + (isIdle && purgedCount < purgesPerStep ? idleMs : Math.max(pauseMsMin, pauseMs));
      return problem === undefined ? { removedFiles } : { removedFiles, problem };
    } catch (error) {
      this.#options.writer.abandon();
      const meaning = toWriteError(error);
      if (!(meaning instanceof GantryError)) throw error;
      this.#nextAtMs = nowMs + passingMs;
      return meaning.code === 'corrupt' ? this.#passOver(meaning) : undefined;
    }
  }

  /** What cannot be read is no reason to write nothing any more; a segment that refers to it stays. */
  #passOver(problem: GantryError): ReclaimedStep {
    if (this.#compaction !== undefined) this.#stuck.add(this.#compaction.segment);
    this.close();
    return { removedFiles: [], problem };
  }

  /** Whether files stay although nothing refers to them any more: a backup may still copy them. */
  holdFiles(isHeld: boolean): void {
    this.#holdsFiles = isHeld;
  }

  close(): void {
    this.#compaction?.close();
    this.#compaction = undefined;
  }

  /** Deleted instances that nobody can bring back any more; returns how many there were. */
  #purgeDue(): number {
    const { writer, garbageGraceMs } = this.#options;
    const nowMs = Date.now();
    const due = writer.catalog.deletedDue(purgesPerStep).filter((each) => each.dueAtMs <= nowMs);
    for (const { partition, instance } of due) {
      const [deleted] = writer.catalog.findDeleted(partition, [instance]);
      if (deleted !== undefined) purgeDeleted(writer, partition, [deleted], garbageGraceMs);
    }
    if (due.length > 0) this.#write();
    return due.length;
  }

  /**
   * Files go before the entries that name them: as long as there is an entry, its file number is not given out again, so that a
   * crash in between can never remove a file of another.
   */
  #removeDue(): RemovedFile[] {
    const { writer, directory } = this.#options;
    const nowMs = Date.now();
    const waiting = reading(() => readGarbage(writer.database, garbagePerStep));
    const due = waiting.filter((each) => each.dueAtMs <= nowMs);
    if (due.length === 0 || this.#holdsFiles) return [];
    const removed: RemovedFile[] = [];
    for (const garbage of due) {
      const { store, segment } = garbage;
      if (store === 'value') this.#deleteChunks(garbage);
      else {
        removeFile(segmentPath(directory, segment, store === 'segment' ? 'seg' : 'big'));
        // The highest number stays on record: the next one has to follow it, after a restart too.
        const last = reading(() => lastOwnFile(writer.database));
        if (store === 'file' && segment !== last) {
          writer.batch.delete('default', ownFileKey(segment));
        }
        removed.push({ store, segment });
      }
      deleteGarbage(writer.batch, garbage);
    }
    if (removed.length > 0) syncDirectory(directory);
    this.#write();
    return removed;
  }

  #deleteChunks({ segment, offset, length }: Garbage): void {
    for (let chunk = 0; chunk * blobChunkBytes < length; chunk++) {
      this.#options.writer.batch.delete('blobs', blobChunkKey(segment, offset, chunk));
    }
  }

  #compact(): { copiedBytes: number; isIdle: boolean; problem?: GantryError } {
    this.#compaction ??= this.#nextCompaction();
    const compaction = this.#compaction;
    if (compaction === undefined) return { copiedBytes: 0, isIdle: true };
    const copiedBytes = compaction.step();
    if (!compaction.isDone) return { copiedBytes, isIdle: false };
    this.close();
    const { segment } = compaction;
    if ((this.#options.writer.usage.uses.get(segment)?.liveBytes ?? 0) === 0) {
      this.#giveUp(segment);
      return { copiedBytes, isIdle: false };
    }
    this.#stuck.add(segment);
    return { copiedBytes, isIdle: false, problem: damagedSegment(segment) };
  }

  /** The segment with the smallest part that is live, of those worth it. */
  #nextCompaction(): SegmentCompaction | undefined {
    const { writer, directory, liveRatioMin } = this.#options;
    let best: { readonly segment: number; readonly ratio: number } | undefined;
    for (const [segment, { liveBytes, usedBytes }] of writer.usage.uses) {
      const isActive = segment === writer.blobs.position.segment;
      if (isActive || usedBytes <= 0 || this.#stuck.has(segment)) continue;
      const ratio = liveBytes / usedBytes;
      if (ratio < (best?.ratio ?? liveRatioMin)) best = { segment, ratio };
    }
    if (best === undefined) return undefined;
    const { segment } = best;
    try {
      return new SegmentCompaction({ writer, directory, segment, stepBytesMax });
    } catch {
      // Its file is missing or cannot be read: `verify` says what that means for the instances.
      this.#stuck.add(segment);
      return undefined;
    }
  }

  /** Nothing refers to the segment any more: its file goes when its time has come. */
  #giveUp(segment: number): void {
    const { writer, garbageGraceMs } = this.#options;
    const dueAtMs = Date.now() + garbageGraceMs;
    putGarbage(writer.batch, { store: 'segment', segment, offset: 0, length: 0, dueAtMs });
    writer.usage.forget(segment);
    this.#write();
  }

  #write(): void {
    try {
      this.#options.writer.write();
    } catch (error) {
      throw toWriteError(error);
    }
  }
}

function reading<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    throw toReadError(error, 'the catalogue cannot be read');
  }
}

function removeFile(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    // A crash came between this and the batch that notes it.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
