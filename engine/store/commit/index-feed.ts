import type { InstanceRecord } from '../catalog/catalog-records.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';
import type { HierarchyChanges, RecordChange } from './hierarchy.js';

export interface FedChanges {
  readonly partition: number;
  /** Last sequence of the change log that the rows complete. */
  readonly sequence: number;
  /** Of this partition only. */
  readonly changes: HierarchyChanges;
  readonly added: readonly InstanceRecord[];
  readonly removed: readonly InstanceRecord[];
}

/** What the index must do to see a batch. */
export function indexFeedOf({
  partition,
  sequence,
  changes,
  added,
  removed,
}: FedChanges): IndexFeed {
  const studies = changes.studies.filter(isStillThere);
  const series = changes.series.filter(isStillThere);
  return {
    kind: 'feed',
    partition,
    sequence,
    studies: studies.map(({ after }) => after),
    series: series.map(({ after }) => after),
    instances: added,
    replacedStudySequences: studies.map(({ before }) => before?.sequence ?? 0),
    replacedSeriesSequences: series.map(({ before }) => before?.sequence ?? 0),
    removed: {
      studies: removedOf(changes.studies).map(({ studyInstanceUid, sequence: version }) => ({
        studyInstanceUid,
        sequence: version,
      })),
      series: removedOf(changes.series).map((record) => ({
        studyInstanceUid: record.studyInstanceUid,
        seriesInstanceUid: record.seriesInstanceUid,
        sequence: record.sequence,
      })),
      instances: removed.map((record) => ({
        studyInstanceUid: record.studyInstanceUid,
        seriesInstanceUid: record.seriesInstanceUid,
        sopInstanceUid: record.sopInstanceUid,
        sequence: record.sequence,
      })),
    },
  };
}

function isStillThere<R>(change: RecordChange<R>): change is RecordChange<R> & { after: R } {
  return change.after !== undefined;
}

function removedOf<R>(changes: readonly RecordChange<R>[]): R[] {
  return changes.flatMap(({ before, after }) =>
    after === undefined && before !== undefined ? [before] : [],
  );
}
