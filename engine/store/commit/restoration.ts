import { GantryError } from '#engine/base/error-catalogue.js';
import { indexedAttributesOf } from '#engine/dicom/instance/indexed-attributes-of.js';
import type { IndexFeed, UndeleteRequest } from '#engine/threads/task-messages.js';
import type { DeletedRecord, InstanceRecord } from '../catalog/catalog-records.js';
import { toWriteError } from '../store-errors.js';
import { forgetDeleted } from './deleted-instances.js';
import { putChange, putHierarchy, putRestoredInstance } from './group-records.js';
import { indexFeedOf } from './index-feed.js';
import type { CountedInstance } from './parent-records.js';
import type { StoreWriter } from './store-writer.js';

export interface RestorationOptions {
  readonly writer: StoreWriter;
  readonly request: UndeleteRequest;
  /** Instances of one step: commits wait for no more than this. */
  readonly stepInstancesMax: number;
}

const sopClassUidTag = '00080016';

/**
 * One deletion on its way back: the deleted instances of a study, a series, or one, a bounded step at a time as a deletion goes.
 * Each step is one batch after which counts, collected values and index are right again.
 */
export class Restoration {
  readonly #options: RestorationOptions;
  #instanceCount = 0;
  #isDone = false;

  constructor(options: RestorationOptions) {
    this.#options = options;
  }

  get deleteId(): number {
    return this.#options.request.deleteId;
  }

  /** Instances brought back so far. */
  get instanceCount(): number {
    return this.#instanceCount;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Brings the next instances back. Throws `not-found` when there was none at all, and what a deletion throws. */
  step(): IndexFeed | undefined {
    const { stepInstancesMax } = this.#options;
    const next = this.#nextInstances();
    this.#isDone = next.length < stepInstancesMax;
    if (next.length === 0) {
      if (this.#instanceCount === 0) throw new GantryError('not-found');
      return undefined;
    }
    const feed = this.#restore(next);
    this.#instanceCount += next.length;
    return feed;
  }

  #nextInstances(): DeletedRecord[] {
    const { writer, request, stepInstancesMax } = this.#options;
    const next: DeletedRecord[] = [];
    for (const deleted of writer.catalog.deletedInstances(request.partition, request)) {
      next.push(deleted);
      if (next.length === stepInstancesMax) break;
    }
    return next;
  }

  #restore(deleted: readonly DeletedRecord[]): IndexFeed {
    const { writer, request } = this.#options;
    const { batch, hierarchy } = writer;
    const { partition } = request;
    const sequence = writer.sequence + deleted.length;
    try {
      forgetDeleted(writer, partition, deleted);
      const records = deleted.map(({ record }, n) => ({
        ...record,
        sequence: writer.sequence + 1 + n,
      }));
      for (const record of records) this.#putRecord(record);
      const changes = hierarchy.apply(records.map((record) => this.#countedOf(record)));
      putHierarchy(batch, changes);
      writer.write(sequence, changes);
      return indexFeedOf({ partition, sequence, changes, added: records, removed: [] });
    } catch (error) {
      writer.abandon();
      throw toWriteError(error);
    }
  }

  #putRecord(record: InstanceRecord): void {
    const { writer, request } = this.#options;
    const { studyInstanceUid, seriesInstanceUid, sopInstanceUid, sequence } = record;
    putRestoredInstance(writer.batch, request.partition, record);
    putChange(writer.batch, {
      studyInstanceUid,
      seriesInstanceUid,
      sopInstanceUid,
      partition: request.partition,
      sequence,
      action: 'restore',
      timeMs: Date.now(),
    });
  }

  /** What study and series take from the instance; its metadata, which has stayed, says it. */
  #countedOf(record: InstanceRecord): CountedInstance {
    const { partition } = this.#options.request;
    const metadata = this.#options.writer.catalog.readMetadata(partition, record);
    if (metadata === undefined)
      throw new GantryError('corrupt', 'a deleted instance has no metadata');
    const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = record;
    const sopClassUid = record.attributes[sopClassUidTag]?.Value?.[0];
    return {
      partition,
      instance: {
        identifiers: {
          studyInstanceUid,
          seriesInstanceUid,
          sopInstanceUid,
          sopClassUid: typeof sopClassUid === 'string' ? sopClassUid : '',
        },
        attributes: indexedAttributesOf(metadata),
      },
      sequence: record.sequence,
      createdAtMs: record.createdAtMs,
      storedBytes: record.blob.length,
    };
  }
}
