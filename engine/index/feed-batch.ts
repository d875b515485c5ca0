import { assert } from '#engine/base/assert.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';

/** The newest version of a row in a batch. */
export interface VersionedRow<R> {
  readonly record: R;
  /** Sequence of the version that was in the index before the batch, 0 when there was none. */
  readonly replacedSequence: number;
}

export interface PartitionBatch {
  readonly studies: ReadonlyMap<string, VersionedRow<StudyRecord>>;
  readonly series: ReadonlyMap<string, VersionedRow<SeriesRecord>>;
  readonly instances: ReadonlyMap<string, InstanceRecord>;
}

/**
 * The net effect of `feeds` by partition: a study that several feeds touched appears once, in its newest version, with what its
 * first feed said it replaces.
 */
export function mergeFeeds(feeds: readonly IndexFeed[]): ReadonlyMap<number, PartitionBatch> {
  const partitions = new Map<number, MutableBatch>();
  for (const feed of feeds) {
    const batch = partitions.get(feed.partition) ?? {
      studies: new Map(),
      series: new Map(),
      instances: new Map(),
    };
    partitions.set(feed.partition, batch);
    mergeVersions(batch.studies, feed.studies, feed.replacedStudySequences);
    mergeVersions(batch.series, feed.series, feed.replacedSeriesSequences);
    for (const instance of feed.instances) batch.instances.set(rowKey(instance), instance);
  }
  return partitions;
}

interface MutableBatch {
  readonly studies: Map<string, VersionedRow<StudyRecord>>;
  readonly series: Map<string, VersionedRow<SeriesRecord>>;
  readonly instances: Map<string, InstanceRecord>;
}

function mergeVersions<R extends StudyRecord | SeriesRecord>(
  rows: Map<string, VersionedRow<R>>,
  records: readonly R[],
  replacedSequences: readonly number[],
): void {
  assert(records.length === replacedSequences.length, 'a feed names one replaced version a row');
  records.forEach((record, i) => {
    const key = rowKey(record);
    const replacedSequence = rows.get(key)?.replacedSequence ?? replacedSequences[i] ?? 0;
    rows.set(key, { record, replacedSequence });
  });
}

/** What tells a record from the others of its level. */
export function rowKey(record: StudyRecord | SeriesRecord | InstanceRecord): string {
  if ('sopInstanceUid' in record) {
    return `${record.studyInstanceUid}/${record.seriesInstanceUid}/${record.sopInstanceUid}`;
  }
  return 'seriesInstanceUid' in record
    ? `${record.studyInstanceUid}/${record.seriesInstanceUid}`
    : record.studyInstanceUid;
}
