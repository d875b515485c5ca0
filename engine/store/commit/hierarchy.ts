import { GantryError } from '#engine/base/error-catalogue.js';
import { LruCache } from '#engine/base/lru-cache.js';
import type { CatalogReader } from '../catalog/catalog-reader.js';
import type {
  InstanceRecord,
  SeriesKey,
  SeriesRecord,
  StudyRecord,
} from '../catalog/catalog-records.js';
import { addToSeries, addToStudy, removeFromSeries, removeFromStudy } from './parent-records.js';
import type { CountedInstance } from './parent-records.js';

/** A study or series as a batch leaves it, beside the version it replaces; without `after` it is gone. */
export interface RecordChange<Record> {
  readonly partition: number;
  readonly before: Record | undefined;
  readonly after: Record | undefined;
}

/** What one batch does to the records above its instances: each touched study and series once. */
export interface HierarchyChanges {
  readonly studies: readonly RecordChange<StudyRecord>[];
  readonly series: readonly RecordChange<SeriesRecord>[];
}

const cachedStudiesMax = 5_000;
const cachedSeriesMax = 10_000;

/**
 * Keeps the study and series records that arriving instances add to, so that a group rarely reads them. Only the store thread
 * writes them, so that its cache is never stale.
 */
export class Hierarchy {
  readonly #catalog: CatalogReader;
  readonly #studies = new LruCache<string, StudyRecord>(cachedStudiesMax);
  readonly #series = new LruCache<string, SeriesRecord>(cachedSeriesMax);

  constructor(catalog: CatalogReader) {
    this.#catalog = catalog;
  }

  /** The records that the group leaves; nothing is remembered until `keep`. */
  apply(added: readonly CountedInstance[]): HierarchyChanges {
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

  /**
   * The records that are left when `removed`, instances of one study, are gone; nothing is remembered until `keep`. Throws
   * `corrupt` when an instance has no series or study.
   */
  remove(
    partition: number,
    removed: readonly [InstanceRecord, ...InstanceRecord[]],
    sequence: number,
  ): HierarchyChanges {
    const series = this.#removeFromSeries(partition, removed, sequence);
    const { studyInstanceUid } = removed[0];
    const before = this.#studyRecord(partition, studyInstanceUid);
    if (before === undefined) throw new GantryError('corrupt', 'an instance without its study');
    const remaining = series.some(isLossOfValues)
      ? this.#remainingSeries(partition, studyInstanceUid, series)
      : undefined;
    const isGone = before.instanceCount <= removed.length;
    const after = isGone ? undefined : removeFromStudy(before, removed, remaining, sequence);
    return { studies: [{ partition, before, after }], series };
  }

  /**
   * The records that are left when `added` has taken the place of `removed`, an instance with the same UIDs; nothing is
   * remembered until `keep`. Throws `corrupt` when the instance has no series or study.
   */
  replace(removed: InstanceRecord, added: CountedInstance): HierarchyChanges {
    const { partition, sequence } = added;
    const { studyInstanceUid } = removed;
    const study = this.#studyRecord(partition, studyInstanceUid);
    if (study === undefined) throw new GantryError('corrupt', 'an instance without its study');
    const [without] = this.#removeFromSeries(partition, [removed], sequence);
    const { before } = without!;
    const series = {
      partition,
      before,
      after: { ...addToSeries(without!.after, added), createdAtMs: before!.createdAtMs },
    };
    const others = this.#remainingSeries(partition, studyInstanceUid, [without!]);
    const rest =
      study.instanceCount === 1 ? undefined : removeFromStudy(study, [removed], others, sequence);
    const after = addToStudy(rest, added, without!.after === undefined);
    return {
      studies: [{ partition, before: study, after: { ...after, createdAtMs: study.createdAtMs } }],
      series: [series],
    };
  }

  /** The batch of `changes` is durable. */
  keep(changes: HierarchyChanges): void {
    for (const { partition, before, after } of changes.studies) {
      const name = studyNameOf(partition, (after ?? before!).studyInstanceUid);
      if (after === undefined) this.#studies.delete(name);
      else this.#studies.set(name, after);
    }
    for (const { partition, before, after } of changes.series) {
      const name = seriesNameOf(partition, (after ?? before)!);
      if (after === undefined) this.#series.delete(name);
      else this.#series.set(name, after);
    }
  }

  #removeFromSeries(
    partition: number,
    removed: readonly InstanceRecord[],
    sequence: number,
  ): RecordChange<SeriesRecord>[] {
    const members = new Map<string, InstanceRecord[]>();
    for (const record of removed) {
      const known = members.get(record.seriesInstanceUid);
      if (known === undefined) members.set(record.seriesInstanceUid, [record]);
      else known.push(record);
    }
    return [...members.values()].map((instances) => {
      const before = this.#seriesRecord(partition, instances[0]!);
      if (before === undefined) throw new GantryError('corrupt', 'an instance without its series');
      return { partition, before, after: removeFromSeries(before, instances, sequence) };
    });
  }

  /** All series of a study as `changes` leave them. */
  #remainingSeries(
    partition: number,
    studyInstanceUid: string,
    changes: readonly RecordChange<SeriesRecord>[],
  ): SeriesRecord[] {
    const changed = new Map(changes.map((each) => [each.before!.seriesInstanceUid, each.after]));
    return this.#catalog.listSeries(partition, studyInstanceUid).flatMap((record) => {
      const uid = record.seriesInstanceUid;
      const left = changed.has(uid) ? changed.get(uid) : record;
      return left === undefined ? [] : [left];
    });
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

/** Whether the study may have lost one of the values that it collects from its series. */
function isLossOfValues({ before, after }: RecordChange<SeriesRecord>): boolean {
  if (after === undefined || before === undefined) return true;
  const classCount = Object.keys(before.sopClassCounts).length;
  return Object.keys(after.sopClassCounts).length < classCount;
}
