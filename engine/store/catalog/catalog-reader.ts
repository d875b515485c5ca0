import type { InstanceLayout, MetadataDocument } from '#engine/dicom/instance/parsed-instance.js';
import type {
  RocksdbDatabase,
  RocksdbPage,
  RocksdbRange,
} from '#native-bindings/rocksdb/rocksdb-database.js';
import * as keys from './catalog-keys.js';
import type { KeyRange, OrderedAttribute, StoreColumn } from './catalog-keys.js';
import type {
  ChangeRecord,
  DeletedRecord,
  InstanceKey,
  InstanceRecord,
  SeriesKey,
  SeriesRecord,
  StudyRecord,
} from './catalog-records.js';
import { toReadError } from '../store-errors.js';
import { readStoreState } from '../store-state.js';
import { decodeBlockChecksumPage } from './block-checksums-codec.js';
import type { BlockChecksumPage } from './block-checksums-codec.js';
import { decodeChange, decodeChangeLogStart } from './change-codec.js';
import { decodeFrameTablePage, decodeLayout, decodeMetadata } from './metadata-codec.js';
import {
  decodeDeletedRecord,
  decodeInstanceRecord,
  decodeSeriesRecord,
  decodeStudyRecord,
} from './record-codec.js';
import { StoredStudy } from './stored-study.js';
import { matchesOrderedAttribute } from './ordered-attributes.js';
import { decodeStudyGist, type StudyGist } from './study-gist.js';
import { studyOfPlace, studyOrderBounds, unplacedPart, type StudyPlace } from './study-order.js';

/** A stretch of the study list. */
export interface StudyOrderRange {
  /** First and last StudyDate, `YYYYMMDD`; with either, studies without one are left out. */
  readonly from?: string;
  readonly to?: string;
  /** Only studies behind this place, where there need not be one. */
  readonly after?: StudyPlace;
  readonly pageEntries: number;
}

/** Names that are, or begin with, a text in search form. */
export interface NameStretch {
  readonly text: string;
  readonly isPrefix: boolean;
}

/** A study of the study list. */
export interface ListedStudy {
  readonly studyInstanceUid: string;
  /** Undefined where only the record tells. */
  readonly gist: StudyGist | undefined;
}

interface CatalogPage {
  readonly keys: readonly Buffer[];
  readonly values: readonly Buffer[];
}

/** A study, one of its series, or one instance. */
export type DeletedTarget = Pick<InstanceKey, 'studyInstanceUid'> & Partial<InstanceKey>;

/** Entries that one step of an iteration reads. */
const stepEntriesMax = 512;

/**
 * Reads the catalogue, on any thread, over a database that the thread opened or borrowed. Every method is synchronous and takes
 * microseconds for what is in memory; those that can return many entries are generators which read a bounded step at a time, so
 * that a caller may stop between two. A commit becomes visible as a whole, but two calls may see two states. Any method throws
 * `corrupt` when the database cannot be read.
 */
export class CatalogReader {
  readonly #database: RocksdbDatabase<StoreColumn>;

  constructor(database: RocksdbDatabase<StoreColumn>) {
    this.#database = database;
  }

  findStudy(partition: number, studyInstanceUid: string): StudyRecord | undefined {
    return this.findStudies(partition, [studyInstanceUid])[0];
  }

  /** Records in the order asked, in one read; undefined for those that do not exist. */
  findStudies(partition: number, uids: readonly string[]): (StudyRecord | undefined)[] {
    return this.#studyValues(partition, uids).map((value, n) =>
      value === undefined ? undefined : decodeStudyRecord(uids[n]!, value),
    );
  }

  /** As `findStudies`, without those that do not exist, for searches: what they do not look at is not parsed. */
  readStudies(partition: number, uids: readonly string[]): StoredStudy[] {
    return this.#studyValues(partition, uids).flatMap((value, n) =>
      value === undefined ? [] : [new StoredStudy(uids[n]!, value)],
    );
  }

  #studyValues(partition: number, uids: readonly string[]): (Buffer | undefined)[] {
    const wanted = uids.map((uid) => keys.studyKey(partition, uid));
    return this.#getMany('catalog', wanted);
  }

  findSeries(partition: number, key: SeriesKey): SeriesRecord | undefined {
    return this.findSeriesMany(partition, [key])[0];
  }

  findSeriesMany(partition: number, wanted: readonly SeriesKey[]): (SeriesRecord | undefined)[] {
    return this.#getMany(
      'catalog',
      wanted.map((key) => keys.seriesKey(partition, key)),
    ).map((value, n) => (value === undefined ? undefined : decodeSeriesRecord(wanted[n]!, value)));
  }

  findInstance(partition: number, key: InstanceKey): InstanceRecord | undefined {
    return this.findInstances(partition, [key])[0];
  }

  findInstances(partition: number, wanted: readonly InstanceKey[]): (InstanceRecord | undefined)[] {
    return this.#getMany(
      'catalog',
      wanted.map((key) => keys.instanceKey(partition, key)),
    ).map((value, n) =>
      value === undefined ? undefined : decodeInstanceRecord(wanted[n]!, value),
    );
  }

  /** Instances with a SOP Instance UID, whatever their study: more than one where senders reused it. */
  findInstancesBySop(partition: number, sopInstanceUid: string): InstanceRecord[] {
    const found: InstanceKey[] = [];
    const range = keys.sopInstanceRange(partition, sopInstanceUid);
    for (const { keys: page } of this.#pages('catalog', range, false)) {
      for (const key of page) {
        const [, studyInstanceUid, seriesInstanceUid] = keys.partsOfKey(key);
        found.push({
          studyInstanceUid: studyInstanceUid!,
          seriesInstanceUid: seriesInstanceUid!,
          sopInstanceUid,
        });
      }
    }
    return this.findInstances(partition, found).filter((record) => record !== undefined);
  }

  /** All studies in the order of their UID, those behind `afterStudyInstanceUid` when it is given. */
  *studies(partition: number, afterStudyInstanceUid?: string): Generator<StudyRecord> {
    const range = keys.studyRange(partition);
    const start =
      afterStudyInstanceUid === undefined
        ? range
        : { gt: keys.studyKey(partition, afterStudyInstanceUid), lt: range.lt };
    for (const { keys: page, values } of this.#pages('catalog', start, true)) {
      for (let n = 0; n < page.length; n++) {
        yield decodeStudyRecord(keys.partsOfKey(page[n]!)[0]!, values[n]!);
      }
    }
  }

  /** The series of a study in the order of their UID. */
  *series(partition: number, studyInstanceUid: string): Generator<SeriesRecord> {
    const range = keys.seriesRange(partition, studyInstanceUid);
    for (const { keys: page, values } of this.#pages('catalog', range, true)) {
      for (let n = 0; n < page.length; n++) {
        const [study, series] = keys.partsOfKey(page[n]!);
        yield decodeSeriesRecord(
          { studyInstanceUid: study!, seriesInstanceUid: series! },
          values[n]!,
        );
      }
    }
  }

  /**
   * The instances of a study or of one of its series, in the order of series and instance UID; those behind `after` when it is
   * given.
   */
  *instances(
    partition: number,
    studyInstanceUid: string,
    seriesInstanceUid?: string,
    after?: InstanceKey,
  ): Generator<InstanceRecord> {
    const range = keys.instanceRange(partition, studyInstanceUid, seriesInstanceUid);
    const rest =
      after === undefined ? range : { gt: keys.instanceKey(partition, after), lt: range.lt };
    for (const { keys: page, values } of this.#pages('catalog', rest, true)) {
      for (let n = 0; n < page.length; n++) {
        const [study, series, instance] = keys.partsOfKey(page[n]!);
        yield decodeInstanceRecord(
          { studyInstanceUid: study!, seriesInstanceUid: series!, sopInstanceUid: instance! },
          values[n]!,
        );
      }
    }
  }

  /** Deleted instances that can be brought back, of what `target` names, in the order of their keys. */
  *deletedInstances(partition: number, target: DeletedTarget): Generator<DeletedRecord> {
    yield* this.#deletedRecords(keys.deletedRange(partition, target));
  }

  /** All deleted instances of a partition that can be brought back. */
  *allDeletedInstances(partition: number): Generator<DeletedRecord> {
    yield* this.#deletedRecords(keys.allDeletedRange(partition));
  }

  /** Deleted instances in the order asked; undefined for those that are none. */
  findDeleted(partition: number, wanted: readonly InstanceKey[]): (DeletedRecord | undefined)[] {
    const wantedKeys = wanted.map((key) => keys.deletedKey(partition, key));
    return this.#getMany('catalog', wantedKeys).map((value, n) =>
      value === undefined ? undefined : decodeDeletedRecord(wanted[n]!, value),
    );
  }

  /** Up to `limit` deleted instances by the time at which they go. */
  deletedDue(limit: number): ReturnType<typeof keys.partsOfDeletedDueKey>[] {
    const page = this.#range('default', { ...keys.deletedDueRange(), limit, values: false });
    return page.keys.map(keys.partsOfDeletedDueKey);
  }

  *#deletedRecords(range: KeyRange): Generator<DeletedRecord> {
    for (const { keys: page, values } of this.#pages('catalog', range, true)) {
      for (let n = 0; n < page.length; n++) {
        const [study, series, instance] = keys.partsOfKey(page[n]!);
        yield decodeDeletedRecord(
          { studyInstanceUid: study!, seriesInstanceUid: series!, sopInstanceUid: instance! },
          values[n]!,
        );
      }
    }
  }

  listSeries(partition: number, studyInstanceUid: string): SeriesRecord[] {
    return [...this.series(partition, studyInstanceUid)];
  }

  listInstances(
    partition: number,
    studyInstanceUid: string,
    seriesInstanceUid?: string,
  ): InstanceRecord[] {
    return [...this.instances(partition, studyInstanceUid, seriesInstanceUid)];
  }

  /** Studies whose PatientID is exactly `value` (case counts, outer spaces do not), in the order of their UID. */
  studiesByPatientId(partition: number, value: string): Generator<StudyRecord> {
    return this.#studiesByOrderedKey(partition, 'patientId', value);
  }

  studiesByAccessionNumber(partition: number, value: string): Generator<StudyRecord> {
    return this.#studiesByOrderedKey(partition, 'accessionNumber', value);
  }

  /** UIDs of studies in the order of engine/query/match-order.ts, a page at a time, without those of `unplacedStudies`. */
  *studyUidsInOrder(partition: number, range: StudyOrderRange): Generator<readonly string[]> {
    for (const { places } of this.#placesInOrder(partition, range, false)) {
      yield places.map(studyOfPlace);
    }
  }

  /** As `studyUidsInOrder`, with what the list says of each study. */
  *studiesInOrder(partition: number, range: StudyOrderRange): Generator<readonly ListedStudy[]> {
    for (const { places, values } of this.#placesInOrder(partition, range, true)) {
      yield places.map((place, n) => ({
        studyInstanceUid: studyOfPlace(place),
        gist: decodeStudyGist(values[n]!),
      }));
    }
  }

  /**
   * Places of the studies in which a component group of the patient's name is one of the names, in the
   * order of the names. Undefined for a name that is too long for keys, and where there are more than `limit`.
   */
  placesByPatientName(
    partition: number,
    { text, isPrefix }: NameStretch,
    limit: number,
  ): StudyPlace[] | undefined {
    const range = keys.patientNameRange(partition, text, isPrefix);
    if (range === undefined) return undefined;
    const { keys: found, isCut } = this.#texts({ ...range, limit, values: false });
    return isCut ? undefined : found.map(keys.placeOfKeyText);
  }

  *#placesInOrder(
    partition: number,
    { from, to, after, pageEntries }: StudyOrderRange,
    values: boolean,
  ): Generator<{ readonly places: StudyPlace[]; readonly values: readonly string[] }> {
    const { begin, end } = studyOrderBounds(from, to);
    const { gte, lt } = keys.studyOrderRange(partition, begin, end);
    const behind = after === undefined ? undefined : keys.studyOrderKey(partition, after);
    let rest: RocksdbRange =
      behind !== undefined && Buffer.compare(behind, gte) > 0
        ? { gt: behind, lt, limit: pageEntries, values }
        : { gte, lt, limit: pageEntries, values };
    for (;;) {
      const page = this.#texts(rest);
      const places = page.keys.map(keys.placeOfKeyText);
      if (places.length > 0) yield { places, values: page.values };
      const last = places.at(-1);
      if (!page.isCut || last === undefined) return;
      rest = { gt: keys.studyOrderKey(partition, last), lt, limit: pageEntries, values };
    }
  }

  /** UIDs of up to `limit` of the studies whose place among the others only their records tell. */
  unplacedStudies(partition: number, limit: number): string[] {
    const range = keys.studyOrderRange(
      partition,
      unplacedPart,
      studyOrderBounds(undefined, undefined).begin,
    );
    const { keys: page } = this.#texts({ ...range, limit, values: false });
    return page.map((key) => studyOfPlace(keys.placeOfKeyText(key)));
  }

  /** Throws `corrupt` when the document fails its checksum. Its JSON is the caller's. */
  readMetadata(partition: number, key: InstanceKey): MetadataDocument | undefined {
    return this.readMetadataMany(partition, [key])[0];
  }

  readMetadataMany(
    partition: number,
    wanted: readonly InstanceKey[],
  ): (MetadataDocument | undefined)[] {
    return this.#getMany(
      'metadata',
      wanted.map((key) => keys.metadataKey(partition, key)),
    ).map((value) => (value === undefined ? undefined : decodeMetadata(value)));
  }

  /** Throws `corrupt`. */
  readLayout(partition: number, key: InstanceKey): InstanceLayout | undefined {
    const value = this.#get('frames', keys.layoutKey(partition, key));
    return value === undefined ? undefined : decodeLayout(value);
  }

  /** Encoded frame table entries `page` × 4,096 and following. Throws `corrupt`. */
  readFrameTablePage(partition: number, key: InstanceKey, page: number): Uint8Array | undefined {
    const value = this.#get('frames', keys.frameTableKey(partition, key, page));
    return value === undefined ? undefined : decodeFrameTablePage(value);
  }

  /**
   * Page of the checksums of the blob's blocks; undefined for blobs that have none, which are short or stored before there were
   * any. Throws `corrupt`.
   */
  readBlockChecksums(
    partition: number,
    key: InstanceKey,
    page: number,
  ): BlockChecksumPage | undefined {
    const value = this.#get('frames', keys.blockChecksumsKey(partition, key, page));
    return value === undefined ? undefined : decodeBlockChecksumPage(value);
  }

  /** Keys of the column `frames` that belong to the instances from `first` to `last`. */
  *frameKeys(partition: number, first: InstanceKey, last: InstanceKey): Generator<Buffer> {
    const range = keys.framesRange(partition, first, last);
    for (const { keys: page } of this.#pages('frames', range, false)) yield* page;
  }

  /** The last sequence of the change log, 0 when it is empty. */
  lastSequence(): number {
    return readStoreState(this.#database).sequence;
  }

  /** The change log begins behind this sequence: 0, or a later one when the catalogue was rebuilt. Throws `corrupt`. */
  changeLogStart(): number {
    const value = this.#get('default', keys.changeLogStartKey);
    return value === undefined ? 0 : decodeChangeLogStart(value);
  }

  /** Up to `limit` entries of the change log behind `afterSequence`, oldest first. Throws `corrupt`. */
  readChanges(afterSequence: number, limit: number): ChangeRecord[] {
    const { keys: page, values } = this.#range('changes', {
      gt: keys.changeKey(afterSequence),
      limit,
    });
    return page.map((key, n) => decodeChange(keys.sequenceOfChangeKey(key), values[n]!));
  }

  *#studiesByOrderedKey(
    partition: number,
    attribute: OrderedAttribute,
    value: string,
  ): Generator<StudyRecord> {
    const range = keys.orderedRange(partition, attribute, value.trim());
    for (const { keys: page } of this.#pages('catalog', range, false)) {
      for (const study of this.readStudies(partition, page.map(keys.studyOfOrderedKey))) {
        if (matchesOrderedAttribute(study, attribute, value)) yield study;
      }
    }
  }

  *#pages(
    column: StoreColumn,
    range: KeyRange | { readonly gt: Buffer; readonly lt: Buffer },
    values: boolean,
    limit = stepEntriesMax,
  ): Generator<CatalogPage> {
    let rest: KeyRange | { readonly gt: Buffer; readonly lt: Buffer } = range;
    for (;;) {
      const page = this.#range(column, { ...rest, limit, values });
      if (page.keys.length > 0) yield page;
      const last = page.keys.at(-1);
      if (!page.isCut || last === undefined) return;
      rest = { gt: last, lt: range.lt };
    }
  }

  #get(column: StoreColumn, key: Buffer): Buffer | undefined {
    return this.#getMany(column, [key])[0];
  }

  #getMany(column: StoreColumn, wanted: readonly Buffer[]): (Buffer | undefined)[] {
    try {
      return this.#database.getMany(column, wanted);
    } catch (error) {
      throw toReadError(error, 'the catalogue cannot be read');
    }
  }

  #range(column: StoreColumn, range: RocksdbRange): RocksdbPage {
    try {
      return this.#database.range(column, range);
    } catch (error) {
      throw toReadError(error, 'the catalogue cannot be read');
    }
  }

  /** Entries of `catalog`, as text. */
  #texts(range: RocksdbRange): RocksdbPage<string> {
    try {
      return this.#database.rangeTexts('catalog', range);
    } catch (error) {
      throw toReadError(error, 'the catalogue cannot be read');
    }
  }
}
