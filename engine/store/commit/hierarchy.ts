import type { ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';
import type { CatalogReader } from '../catalog/catalog-reader.js';
import type { SeriesKey, SeriesRecord, StudyRecord } from '../catalog/catalog-records.js';
import { mergeAttributes } from './attribute-merge.js';
import { LruCache } from './lru-cache.js';

/** A study or series as a group leaves it, beside the version it replaces. */
export interface RecordChange<Record> {
  readonly partition: number;
  readonly before: Record | undefined;
  readonly after: Record;
}

/** What one group does to the records above its instances: each touched study and series once. */
export interface HierarchyChanges {
  readonly studies: readonly RecordChange<StudyRecord>[];
  readonly series: readonly RecordChange<SeriesRecord>[];
}

/** An instance that the group adds. */
export interface AddedInstance {
  readonly partition: number;
  readonly instance: ParsedInstance;
  readonly sequence: number;
  readonly createdAtMs: number;
  readonly storedBytes: number;
}

const cachedStudiesMax = 5_000;
const cachedSeriesMax = 10_000;

/** Distinct values that a study record collects; beyond them a study is no study any more. */
const modalitiesMax = 64;
const sopClassesMax = 256;

const modalityTag = '00080060';

/**
 * Keeps the study and series records that arriving instances add to, so that a group rarely reads them. Only the store thread
 * writes them, so that its cache is never stale.
 */
export class Hierarchy {
  readonly #catalog: CatalogReader;
  readonly #studies = new LruCache<StudyRecord>(cachedStudiesMax);
  readonly #series = new LruCache<SeriesRecord>(cachedSeriesMax);

  constructor(catalog: CatalogReader) {
    this.#catalog = catalog;
  }

  /** The records that the group leaves; nothing is remembered until `keep`. */
  apply(added: readonly AddedInstance[]): HierarchyChanges {
    const studies = new Map<string, RecordChange<StudyRecord>>();
    const series = new Map<string, RecordChange<SeriesRecord>>();
    for (const one of added) {
      const { partition } = one;
      const { identifiers } = one.instance;
      const seriesName = seriesNameOf(partition, identifiers);
      const touchedSeries = series.get(seriesName);
      const seriesBefore =
        touchedSeries === undefined
          ? this.#seriesRecord(partition, identifiers)
          : touchedSeries.before;
      series.set(seriesName, {
        partition,
        before: seriesBefore,
        after: addToSeries(touchedSeries?.after ?? seriesBefore, one),
      });
      const studyName = studyNameOf(partition, identifiers.studyInstanceUid);
      const touchedStudy = studies.get(studyName);
      const studyBefore =
        touchedStudy === undefined
          ? this.#studyRecord(partition, identifiers.studyInstanceUid)
          : touchedStudy.before;
      const isNewSeries = touchedSeries === undefined && seriesBefore === undefined;
      studies.set(studyName, {
        partition,
        before: studyBefore,
        after: addToStudy(touchedStudy?.after ?? studyBefore, one, isNewSeries),
      });
    }
    return { studies: [...studies.values()], series: [...series.values()] };
  }

  /** The group of `changes` is durable. */
  keep(changes: HierarchyChanges): void {
    for (const { partition, after } of changes.studies) {
      this.#studies.set(studyNameOf(partition, after.studyInstanceUid), after);
    }
    for (const { partition, after } of changes.series) {
      this.#series.set(seriesNameOf(partition, after), after);
    }
  }

  #studyRecord(partition: number, studyInstanceUid: string): StudyRecord | undefined {
    return (
      this.#studies.get(studyNameOf(partition, studyInstanceUid)) ??
      this.#catalog.findStudy(partition, studyInstanceUid)
    );
  }

  #seriesRecord(partition: number, key: SeriesKey): SeriesRecord | undefined {
    return (
      this.#series.get(seriesNameOf(partition, key)) ?? this.#catalog.findSeries(partition, key)
    );
  }
}

function studyNameOf(partition: number, studyInstanceUid: string): string {
  return `${partition}\0${studyInstanceUid}`;
}

function seriesNameOf(partition: number, key: SeriesKey): string {
  return `${partition}\0${key.studyInstanceUid}\0${key.seriesInstanceUid}`;
}

function addToSeries(record: SeriesRecord | undefined, added: AddedInstance): SeriesRecord {
  const { instance } = added;
  return {
    studyInstanceUid: instance.identifiers.studyInstanceUid,
    seriesInstanceUid: instance.identifiers.seriesInstanceUid,
    sequence: added.sequence,
    createdAtMs: record?.createdAtMs ?? added.createdAtMs,
    attributes: mergeAttributes(record?.attributes ?? {}, instance.attributes.series),
    instanceCount: (record?.instanceCount ?? 0) + 1,
    storedBytes: (record?.storedBytes ?? 0) + added.storedBytes,
  };
}

function addToStudy(
  record: StudyRecord | undefined,
  added: AddedInstance,
  isNewSeries: boolean,
): StudyRecord {
  const { identifiers, attributes } = added.instance;
  const modalities = (attributes.series[modalityTag]?.Value ?? []).filter(
    (value) => typeof value === 'string' && value !== '',
  ) as string[];
  return {
    studyInstanceUid: identifiers.studyInstanceUid,
    sequence: added.sequence,
    createdAtMs: record?.createdAtMs ?? added.createdAtMs,
    attributes: mergeAttributes(record?.attributes ?? {}, attributes.study),
    seriesCount: (record?.seriesCount ?? 0) + (isNewSeries ? 1 : 0),
    instanceCount: (record?.instanceCount ?? 0) + 1,
    modalities: union(record?.modalities ?? [], modalities, modalitiesMax),
    sopClassUids: union(record?.sopClassUids ?? [], [identifiers.sopClassUid], sopClassesMax),
    storedBytes: (record?.storedBytes ?? 0) + added.storedBytes,
  };
}

function union(
  known: readonly string[],
  more: readonly string[],
  countMax: number,
): readonly string[] {
  if (more.every((value) => known.includes(value))) return known;
  return [...new Set([...known, ...more])].slice(0, countMax);
}
