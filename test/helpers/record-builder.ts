import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { IndexFeed, RemovedRows } from '#engine/threads/task-messages.js';

/** Records of the catalogue with made-up figures. */
export function studyRecord(
  studyInstanceUid: string,
  sequence: number,
  attributes: JsonDataSet = {},
): StudyRecord {
  return {
    studyInstanceUid,
    sequence,
    createdAtMs: 0,
    attributes,
    seriesCount: 1,
    instanceCount: 1,
    modalities: ['CT'],
    sopClassUids: ['1.2.840.10008.5.1.4.1.1.2'],
    storedBytes: 1,
  };
}

export function seriesRecord(
  studyInstanceUid: string,
  seriesInstanceUid: string,
  sequence: number,
  attributes: JsonDataSet = {},
): SeriesRecord {
  return {
    studyInstanceUid,
    seriesInstanceUid,
    sequence,
    createdAtMs: 0,
    attributes,
    instanceCount: 1,
    sopClassCounts: { '1.2.840.10008.5.1.4.1.1.2': 1 },
    storedBytes: 1,
  };
}

export function instanceRecord(
  studyInstanceUid: string,
  seriesInstanceUid: string,
  sopInstanceUid: string,
  sequence: number,
): InstanceRecord {
  return {
    studyInstanceUid,
    seriesInstanceUid,
    sopInstanceUid,
    sequence,
    createdAtMs: 0,
    attributes: {},
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    blob: { store: 'segment', segment: 1, offset: 0, length: 1, crc32: 0 },
  };
}

/** A feed removes nothing unless it says so. */
export const noRows: RemovedRows = { studies: [], series: [], instances: [] };

/** A feed whose studies and series all replace the version `replacedSequence`. */
export function feedOfRecords(
  sequence: number,
  records: {
    readonly studies?: readonly StudyRecord[];
    readonly series?: readonly SeriesRecord[];
    readonly instances?: readonly InstanceRecord[];
    readonly removed?: Partial<RemovedRows>;
  },
  replacedSequence = 0,
): IndexFeed {
  const { studies = [], series = [], instances = [], removed = {} } = records;
  return {
    kind: 'feed',
    partition: 0,
    sequence,
    studies,
    series,
    instances,
    replacedStudySequences: studies.map(() => replacedSequence),
    replacedSeriesSequences: series.map(() => replacedSequence),
    removed: { ...noRows, ...removed },
  };
}
