import { GantryError } from '#engine/base/error-catalogue.js';
import type { DeleteRequest, IndexFeed } from '#engine/threads/task-messages.js';
import type { InstanceRecord } from '../catalog/catalog-records.js';
import { toWriteError } from '../store-errors.js';
import { setAside } from './deleted-instances.js';
import { putChange, putHierarchy } from './group-records.js';
import { indexFeedOf } from './index-feed.js';
import { removeInstances } from './remove-instances.js';
import type { StoreWriter } from './store-writer.js';

export interface DeletionOptions {
  readonly writer: StoreWriter;
  readonly request: DeleteRequest;
  /** Instances of one step: commits wait for no more than this. */
  readonly stepInstancesMax: number;
  /** How long the bytes can still be read by those who know where they are. */
  readonly garbageGraceMs: number;
  /** How long the deletion can be taken back; 0: not at all. */
  readonly undeleteWindowMs: number;
}

/**
 * One deletion on its way: it takes the instances that were there when it began, a bounded step at a time, so that commits go on
 * between two steps. Each step is one synced batch that leaves counts, collected values and index right; bytes go later. What
 * comes in meanwhile stays. A deletion that a crash cuts off has deleted some instances and left the others whole.
 */
export class Deletion {
  readonly #options: DeletionOptions;
  /** What was committed later is not meant. */
  readonly #sequenceMax: number;
  #last: InstanceRecord | undefined;
  #instanceCount = 0;
  #isDone = false;

  constructor(options: DeletionOptions) {
    this.#options = options;
    this.#sequenceMax = options.writer.sequence;
  }

  get deleteId(): number {
    return this.#options.request.deleteId;
  }

  /** Instances deleted so far. */
  get instanceCount(): number {
    return this.#instanceCount;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Deletes the next instances; returns what the index must do, undefined when there were none. Throws `not-found` when there
   * was nothing to delete at all, `corrupt` and `storage-full`, which leave this step undone; any other error is final.
   */
  step(): IndexFeed | undefined {
    const removed = this.#nextInstances();
    const [first, ...others] = removed;
    if (first === undefined) {
      if (this.#instanceCount === 0) throw new GantryError('not-found');
      return undefined;
    }
    const feed = this.#remove([first, ...others]);
    this.#instanceCount += removed.length;
    return feed;
  }

  #nextInstances(): InstanceRecord[] {
    const { writer, request, stepInstancesMax } = this.#options;
    const { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid } = request;
    if (seriesInstanceUid !== undefined && sopInstanceUid !== undefined) {
      const key = { studyInstanceUid, seriesInstanceUid, sopInstanceUid };
      const record = writer.catalog.findInstance(partition, key);
      this.#isDone = true;
      return record === undefined || record.sequence > this.#sequenceMax ? [] : [record];
    }
    const found: InstanceRecord[] = [];
    const rest = writer.catalog.instances(
      partition,
      studyInstanceUid,
      seriesInstanceUid,
      this.#last,
    );
    for (const record of rest) {
      this.#last = record;
      if (record.sequence <= this.#sequenceMax) found.push(record);
      if (found.length === stepInstancesMax) return found;
    }
    this.#isDone = true;
    return found;
  }

  #remove(removed: readonly [InstanceRecord, ...InstanceRecord[]]): IndexFeed {
    const { writer, request } = this.#options;
    const { batch, hierarchy } = writer;
    const { partition } = request;
    const sequence = writer.sequence + removed.length;
    try {
      this.#deleteRecords(removed);
      const changes = hierarchy.remove(partition, removed, sequence);
      putHierarchy(batch, changes);
      writer.write(sequence, changes);
      return indexFeedOf({ partition, sequence, changes, added: [], removed });
    } catch (error) {
      writer.abandon();
      throw toWriteError(error);
    }
  }

  #deleteRecords(removed: readonly [InstanceRecord, ...InstanceRecord[]]): void {
    const { writer, request, garbageGraceMs, undeleteWindowMs } = this.#options;
    const { partition } = request;
    const timeMs = Date.now();
    if (undeleteWindowMs === 0) removeInstances(writer, partition, removed, garbageGraceMs);
    else setAside(writer, partition, removed, timeMs + undeleteWindowMs);
    removed.forEach(({ studyInstanceUid, seriesInstanceUid, sopInstanceUid }, n) => {
      putChange(writer.batch, {
        studyInstanceUid,
        seriesInstanceUid,
        sopInstanceUid,
        partition,
        sequence: writer.sequence + 1 + n,
        action: 'delete',
        timeMs,
      });
    });
  }
}
