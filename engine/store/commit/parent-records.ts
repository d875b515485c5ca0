import type { IndexedInstance } from '#engine/dicom/instance/parsed-instance.js';
import type { InstanceRecord, SeriesRecord, StudyRecord } from '../catalog/catalog-records.js';
import { mergeAttributes } from './attribute-merge.js';

/** What study and series count of an instance. */
export interface CountedInstance {
  readonly partition: number;
  readonly instance: Pick<IndexedInstance, 'identifiers' | 'attributes'>;
  readonly sequence: number;
  readonly createdAtMs: number;
  readonly storedBytes: number;
}

/** An instance that a group adds. */
export interface AddedInstance extends CountedInstance {
  readonly instance: IndexedInstance;
  /** CRC-32 of each block of the received bytes, wherever they are. */
  readonly blockChecksums: Uint8Array;
}

/** Distinct values that a study record collects; beyond them a study is no study any more. */
const modalitiesMax = 64;
const sopClassesMax = 256;

const modalityTag = '00080060';
const sopClassUidTag = '00080016';

export function addToSeries(
  record: SeriesRecord | undefined,
  added: CountedInstance,
): SeriesRecord {
  const { instance } = added;
  const { sopClassUid } = instance.identifiers;
  return {
    studyInstanceUid: instance.identifiers.studyInstanceUid,
    seriesInstanceUid: instance.identifiers.seriesInstanceUid,
    sequence: added.sequence,
    createdAtMs: record?.createdAtMs ?? added.createdAtMs,
    attributes: mergeAttributes(record?.attributes ?? {}, instance.attributes.series),
    instanceCount: (record?.instanceCount ?? 0) + 1,
    sopClassCounts: countSopClass(record?.sopClassCounts ?? {}, sopClassUid),
    storedBytes: (record?.storedBytes ?? 0) + added.storedBytes,
  };
}

export function addToStudy(
  record: StudyRecord | undefined,
  added: CountedInstance,
  isNewSeries: boolean,
): StudyRecord {
  const { identifiers, attributes } = added.instance;
  return {
    studyInstanceUid: identifiers.studyInstanceUid,
    sequence: added.sequence,
    createdAtMs: record?.createdAtMs ?? added.createdAtMs,
    attributes: mergeAttributes(record?.attributes ?? {}, attributes.study),
    seriesCount: (record?.seriesCount ?? 0) + (isNewSeries ? 1 : 0),
    instanceCount: (record?.instanceCount ?? 0) + 1,
    modalities: union(record?.modalities ?? [], textsOf(attributes.series, modalityTag)).slice(
      0,
      modalitiesMax,
    ),
    sopClassUids: union(record?.sopClassUids ?? [], [identifiers.sopClassUid]).slice(
      0,
      sopClassesMax,
    ),
    storedBytes: (record?.storedBytes ?? 0) + added.storedBytes,
  };
}

/** The series without some of its instances; undefined when none is left. */
export function removeFromSeries(
  record: SeriesRecord,
  removed: readonly InstanceRecord[],
  sequence: number,
): SeriesRecord | undefined {
  if (record.instanceCount <= removed.length) return undefined;
  const sopClassCounts = { ...record.sopClassCounts };
  for (const { attributes } of removed) {
    for (const uid of textsOf(attributes, sopClassUidTag)) {
      const count = sopClassCounts[uid] ?? 0;
      if (count > 1) sopClassCounts[uid] = count - 1;
      else delete sopClassCounts[uid];
    }
  }
  return {
    ...record,
    sequence,
    instanceCount: record.instanceCount - removed.length,
    sopClassCounts,
    storedBytes: record.storedBytes - storedBytesOf(removed),
  };
}

/**
 * The study without some of its instances. What its instances said of patient and study stays, since nobody knows which of them
 * said it. Modalities and SOP classes are those of `remaining`, all series that are left; without it they stay as well.
 */
export function removeFromStudy(
  record: StudyRecord,
  removed: readonly InstanceRecord[],
  remaining: readonly SeriesRecord[] | undefined,
  sequence: number,
): StudyRecord {
  const counted = {
    ...record,
    sequence,
    instanceCount: record.instanceCount - removed.length,
    storedBytes: record.storedBytes - storedBytesOf(removed),
  };
  if (remaining === undefined) return counted;
  const modalities = new Set(
    remaining.flatMap(({ attributes }) => textsOf(attributes, modalityTag)),
  );
  const sopClassUids = new Set(
    remaining.flatMap(({ sopClassCounts }) => Object.keys(sopClassCounts)),
  );
  return {
    ...counted,
    seriesCount: remaining.length,
    modalities: record.modalities.filter((each) => modalities.has(each)),
    sopClassUids: record.sopClassUids.filter((each) => sopClassUids.has(each)),
  };
}

function storedBytesOf(instances: readonly InstanceRecord[]): number {
  return instances.reduce((sum, { blob }) => sum + blob.length, 0);
}

function textsOf(attributes: InstanceRecord['attributes'], tag: string): string[] {
  return (attributes[tag]?.Value ?? []).filter(
    (value) => typeof value === 'string' && value !== '',
  ) as string[];
}

function countSopClass(
  counts: Readonly<Record<string, number>>,
  sopClassUid: string,
): Readonly<Record<string, number>> {
  const count = counts[sopClassUid] ?? 0;
  if (count === 0 && Object.keys(counts).length === sopClassesMax) return counts;
  return { ...counts, [sopClassUid]: count + 1 };
}

function union(known: readonly string[], more: readonly string[]): readonly string[] {
  if (more.every((value) => known.includes(value))) return known;
  return [...new Set([...known, ...more])];
}
