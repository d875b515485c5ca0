import { assert } from '#engine/base/assert.js';
import type {
  InstanceKey,
  InstanceRecord,
  SeriesKey,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';

/** What tells a study from the others of its partition, as `SeriesKey` and `InstanceKey` do on their levels. */
export type StudyKey = Pick<SeriesKey, 'studyInstanceUid'>;

/** What a batch makes of one row. */
export interface RowChange<Key, Row extends Key> {
  readonly key: Key;
  /** The newest version; undefined when the row is gone. */
  readonly record: Row | undefined;
  /** Sequence of the version that was in the index before the batch, or of an older one; 0 when there was none. */
  readonly replacedSequence: number;
}

export interface PartitionBatch {
  readonly studies: ReadonlyMap<string, RowChange<StudyKey, StudyRecord>>;
  readonly series: ReadonlyMap<string, RowChange<SeriesKey, SeriesRecord>>;
  readonly instances: ReadonlyMap<string, RowChange<InstanceKey, InstanceRecord>>;
}

/**
 * The net effect of `feeds` by partition: a study that several feeds touched appears once, in its newest version or as gone,
 * with what its first feed said it replaces.
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
    mergeRemovals(batch.studies, feed.removed.studies);
    mergeRemovals(batch.series, feed.removed.series);
    mergeRemovals(batch.instances, feed.removed.instances);
    mergeVersions(batch.studies, feed.studies, feed.replacedStudySequences);
    mergeVersions(batch.series, feed.series, feed.replacedSeriesSequences);
    const noVersion = feed.instances.map(() => 0);
    mergeVersions(batch.instances, feed.instances, noVersion);
  }
  return partitions;
}

interface MutableBatch {
  readonly studies: Map<string, RowChange<StudyKey, StudyRecord>>;
  readonly series: Map<string, RowChange<SeriesKey, SeriesRecord>>;
  readonly instances: Map<string, RowChange<InstanceKey, InstanceRecord>>;
}

function mergeVersions<Key extends StudyKey, Row extends Key>(
  rows: Map<string, RowChange<Key, Row>>,
  records: readonly Row[],
  replacedSequences: readonly number[],
): void {
  assert(records.length === replacedSequences.length, 'a feed names one replaced version a row');
  records.forEach((record, i) => {
    const name = rowKey(record);
    const replacedSequence = rows.get(name)?.replacedSequence ?? replacedSequences[i] ?? 0;
    rows.set(name, { key: record, record, replacedSequence });
  });
}

function mergeRemovals<Key extends StudyKey, Row extends Key>(
  rows: Map<string, RowChange<Key, Row>>,
  removed: readonly (Key & { readonly sequence: number })[],
): void {
  for (const key of removed) {
    const name = rowKey(key);
    const replacedSequence = rows.get(name)?.replacedSequence ?? key.sequence;
    rows.set(name, { key, record: undefined, replacedSequence });
  }
}

/** What tells a record from the others of its level. */
export function rowKey(key: StudyKey | SeriesKey | InstanceKey): string {
  if ('sopInstanceUid' in key) {
    return `${key.studyInstanceUid}/${key.seriesInstanceUid}/${key.sopInstanceUid}`;
  }
  return 'seriesInstanceUid' in key
    ? `${key.studyInstanceUid}/${key.seriesInstanceUid}`
    : key.studyInstanceUid;
}
