import type { DeflatedText } from './base/deflated-text.js';
import type { GantryError } from './base/error-catalogue.js';
import type { BackupReport } from './maintenance/backup/write-backup.js';
import type { VerifyProgress, VerifyReport } from './maintenance/verify-report.js';
import type { RenderParameters } from './codec/render/rendering.js';
import type { Applicant } from './threads/ingest-budget.js';
import type { DataSetDescription, OverwritePolicy } from './threads/task-messages.js';
import type { InstanceRules } from './dicom/instance/instance-rules.js';
import type { InstanceLayout, InstanceWarning } from './dicom/instance/parsed-instance.js';
import type { InstanceRecord, SeriesRecord, StudyRecord } from './store/catalog/catalog-records.js';
import type { QueryExpression, QueryPosition } from './query/query-expression.js';
import type { MatchedRecords } from './query/row-text.js';

/** The engine as `src/` sees it: the use cases, one verb each. Doors (STOW, C-STORE) differ only in how they call these. */
export interface Engine {
  /** Throws `out-of-resources` when as many sessions are open as the arena has room for. */
  openStoreSession(options: StoreSessionOptions): StoreSession;
  /** Whether a further store session would be refused. */
  isCongested(): boolean;
  /** Resolves when a store session can be opened, or after a second at most, to be refused. */
  whenFree(applicant: Applicant): Promise<void>;

  /** Sees every instance that was acknowledged before the call. */
  search(query: QueryExpression, signal?: AbortSignal): Promise<SearchResult>;

  findStudy(partition: number, studyInstanceUid: string): StudyRecord | undefined;
  findSeries(
    partition: number,
    studyInstanceUid: string,
    seriesInstanceUid: string,
  ): SeriesRecord | undefined;
  /**
   * Instances of a study, of one series, or the one instance named, ordered by series and instance UID. Pages are read as they
   * are asked for, so a series of 50,000 instances is never in memory whole. No page at all when there is no instance.
   */
  instancePages(target: RetrieveTarget): Iterable<readonly InstanceRecord[]>;

  /** The Part 10 bytes as stored. */
  retrieveInstance(partition: number, record: InstanceRecord): BlobSource;
  /** Why an instance cannot be had in another transfer syntax than the stored one; undefined when it can. */
  instanceTranscodingRefusal(
    partition: number,
    record: InstanceRecord,
    transferSyntaxUid: string,
  ): string | undefined;
  /**
   * The instance in another transfer syntax than the stored one, made while it is read: Part 10 bytes, of which the data set
   * begins at `dataSetOffset`. Resolves when the first frame is made. Nothing is lost on the way unless the transfer syntax asks
   * for it (JPEG Baseline); the result is another instance then, with a UID of its own. Rejects with `not-acceptable`,
   * `corrupt`, `too-many-requests`, `timeout`; so does reading.
   */
  transcodeInstance(
    partition: number,
    record: InstanceRecord,
    transferSyntaxUid: string,
  ): Promise<TranscodedInstance>;
  /** One JSON text an instance. `urlOf` gives its absolute URL; BulkDataURIs start with it. */
  retrieveMetadata(
    partition: number,
    records: readonly InstanceRecord[],
    urlOf: (record: InstanceRecord) => string,
  ): Uint8Array[];
  /** As `retrieveMetadata`; the pieces of each text, joined, are what `GzipWriter` takes. */
  retrieveDeflatedMetadata(
    partition: number,
    records: readonly InstanceRecord[],
    urlOf: (record: InstanceRecord) => string,
  ): DeflatedText[][];
  describeLayout(partition: number, record: InstanceRecord): InstanceLayout;
  /**
   * Bytes of one frame (1-based): as stored (native pixels in little endian, or the codestream without item headers), or in
   * `transferSyntaxUid`.
   */
  retrieveFrame(
    partition: number,
    record: InstanceRecord,
    frameNumber: number,
    transferSyntaxUid?: string,
  ): BlobSource | Promise<BlobSource>;
  /** On the IJG scale, what frames are converted with to a transfer syntax that loses information; undefined for the others. */
  conversionQuality(transferSyntaxUid: string): number | undefined;
  /** Why the frames cannot be had in another transfer syntax than the stored one; undefined when they can. */
  frameTranscodingRefusal(
    partition: number,
    record: InstanceRecord,
    transferSyntaxUid: string,
  ): string | undefined;
  /** Bytes of the bulk value at `path`; undefined when there is none. */
  retrieveBulkValue(
    partition: number,
    record: InstanceRecord,
    path: string,
  ): BlobSource | undefined;

  /** The instance that stands for a study or series when it is rendered; undefined when nothing is stored. */
  findRepresentative(target: RetrieveTarget): Promise<InstanceRecord | undefined>;
  readonly rendering: RenderingVerbs;

  /**
   * Deletes the instances that are stored of a study, a series, or one instance; resolves with their number when that is durable
   * and visible. Rejects with `not-found` when there were none, `store-unavailable` and others when only some may be gone.
   */
  deleteInstances(target: RetrieveTarget): Promise<number>;

  /**
   * Takes deletions of a study, a series or an instance back, as far as their bytes are kept; resolves with the number of
   * instances. Rejects with `not-found` when there were none.
   */
  undeleteInstances(target: RetrieveTarget): Promise<number>;
  /** Whether something of it was deleted and can still be brought back. */
  isDeleted(target: RetrieveTarget): boolean;
  readonly maintenance: Maintenance;

  stats(): EngineStats;
  /** False when the store can no longer write or the index thread has died; the reason is for operators. */
  health(): { readonly isReady: boolean; readonly reason: string };
  close(): Promise<void>;
}

/** Work on everything stored, while the store is at work. */
export interface Maintenance {
  verifyState(): VerifyState;
  /** Starts a verification, unless one is under way. */
  startVerify(bytesPerSecondMax: number): VerifyState;
  /** The one under way ends with what it has found. */
  stopVerify(): void;
  backupState(): BackupState;
  /** Starts a backup into the directory of the configuration, unless one is under way. Throws `bad-request` without one. */
  startBackup(): BackupState;
}

export type VerifyState =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly progress?: VerifyProgress }
  | { readonly state: 'done'; readonly report: VerifyReport }
  | { readonly state: 'failed'; readonly detail: string };

export type BackupState =
  | { readonly state: 'idle' }
  | { readonly state: 'running'; readonly directory: string }
  | { readonly state: 'done'; readonly directory: string; readonly report: BackupReport }
  | { readonly state: 'failed'; readonly directory: string; readonly detail: string };

/** What an instance is when it is rendered (PS3.18 §8.7.4): pixels, text, or something that is sent as it is stored. */
export type RenderingKind =
  | { readonly kind: 'image' }
  | { readonly kind: 'presentation-state' }
  | { readonly kind: 'report' }
  | { readonly kind: 'video' | 'document'; readonly mediaType: string }
  | { readonly kind: 'none'; readonly reason: string };

/** The picture of an instance: its image, or the image that it, a presentation state, shows. */
export interface PictureSubject {
  readonly partition: number;
  readonly image: InstanceRecord;
  readonly state: InstanceRecord | undefined;
  /** Frames of the image, at least 1. */
  readonly frameCount: number;
  /** Shown where no frame is asked for, 1-based. */
  readonly representativeFrame: number;
}

/** Instances as people see them, PS3.18 §8.7.4. */
export interface RenderingVerbs {
  /** What an instance is rendered as, or why it is not. */
  kindOf(partition: number, record: InstanceRecord): RenderingKind;
  /** What is seen of an image or a presentation state. Throws `not-acceptable` when the latter shows no stored image. */
  pictureSubject(partition: number, record: InstanceRecord): PictureSubject;
  /** The frames, 1-based, of an animation of all frames: evenly spaced, as many as the limits allow. */
  animationFrames(subject: PictureSubject): readonly number[];
  /**
   * The picture of one frame, or an animation of several. Rejects with `not-found` for a frame that is not there,
   * `not-acceptable` for pixels that are not rendered, `bad-request` for a region, size or number of frames out of bounds,
   * `corrupt`, `too-many-requests`, `timeout`.
   */
  renderPicture(
    subject: PictureSubject,
    frameNumbers: readonly number[],
    parameters: RenderParameters,
  ): Promise<Uint8Array>;
  /** A structured report as an HTML page in UTF-8. */
  renderReport(partition: number, record: InstanceRecord): Promise<Uint8Array>;
  /** An encapsulated document, or a video stream, as stored. */
  openStoredMedia(partition: number, record: InstanceRecord): Promise<BlobSource>;
}

export interface RetrieveTarget {
  readonly partition: number;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid?: string;
  readonly sopInstanceUid?: string;
}

/** Which way a search went: by ordered keys of the catalogue, named after what they order, or by the index (DuckDB). */
export type QueryPlanName =
  'uid' | 'accession-number' | 'patient-id' | 'patient-name' | 'study-list' | 'index';

export interface QueryPlan {
  readonly name: QueryPlanName;
  /** Ordered keys looked at, and records compared with the conditions; 0 of an answer of the index. */
  readonly keyCount: number;
  readonly recordCount: number;
}

export interface SearchResult {
  readonly count: number;
  /** More matches exist than were asked for. */
  readonly isCut: boolean;
  /** Position of the last match of an answer that is cut, to continue behind it. */
  readonly last?: QueryPosition;
  /** Number of all matches, when the query wanted it. */
  readonly total?: number;
  readonly plan: QueryPlan;
  /** Records of the matches `[start, end)`, read when asked for; a match deleted meanwhile is left out. */
  readMatches(start: number, end: number): MatchedRecords[];
}

/** A stretch of stored bytes that can be read piece by piece. */
export interface BlobSource {
  readonly length: number;
  /**
   * Reads bytes from `position` into `target` and returns how many: as many as `target` takes or the source still has. A promise
   * only where the bytes have to be waited for.
   */
  read(position: number, target: Uint8Array): number | Promise<number>;
  /** How many of `bytesMax` bytes from `position` are best read together, which may be none; where it matters. */
  pieceBytes?(position: number, bytesMax: number): number;
}

/** Bytes that are made while they are read. */
export interface TranscodedInstance {
  /**
   * Undefined where only the codec knows: frames in a compressed transfer syntax. Positions are then read one after another,
   * without leaps; otherwise any may be read at any time.
   */
  readonly length: number | undefined;
  /** Where the data set begins, behind preamble and File Meta Information. */
  readonly dataSetOffset: number;
  readonly sopInstanceUid: string;
  /** As `BlobSource.read`; 0 at the end. */
  read(position: number, target: Uint8Array): number | Promise<number>;
}

export interface StoreSessionOptions {
  readonly partition: number;
  /** Given by the URL of a Store request: instances of other studies are refused (PS3.18 §10.5.1). */
  readonly studyInstanceUid?: string;
  /** For log lines. */
  readonly correlationId: string;
  /** What is asked of instances; default: `defaultInstanceRules`. */
  readonly rules?: InstanceRules;
  /** What becomes of an instance whose UIDs are stored with other content; default: what the engine was opened with. */
  readonly overwrite?: OverwritePolicy;
  /** Instances are looked at and dropped; nothing is stored. */
  readonly isDryRun?: boolean;
  /** Called when the session, after `write` returned false, can take bytes again. */
  readonly onDrain: () => void;
}

/**
 * One request or association that stores instances one after another. Bytes are copied once, into the shared arena; the number
 * of bytes in flight is bounded, so callers pause their socket while `write` says false.
 */
export interface StoreSession {
  /** Starts the next instance. `dataSet` describes bytes that arrive without File Meta Information (C-STORE). */
  beginInstance(dataSet?: DataSetDescription): void;
  /** Copies bytes of the instance begun; false asks the caller to pause until `onDrain`. */
  write(chunk: Uint8Array): boolean;
  /** The instance is whole: parse it, commit it; resolves after it is durable and visible. Never rejects. */
  endInstance(): Promise<StoreOutcome>;
  /** Drops the instance begun, e.g. because its sender went away. */
  abandonInstance(): void;
  /** Releases what the session holds; outcomes under way still resolve. */
  close(): void;
}

/** `stored`, `replaced`: durable; `identical`: it was before; `accepted`: a dry run found nothing against it. */
export type StoreOutcome =
  | {
      readonly result: 'stored' | 'replaced' | 'identical' | 'accepted';
      readonly transferSyntaxUid: string;
      readonly studyInstanceUid: string;
      readonly seriesInstanceUid: string;
      readonly sopInstanceUid: string;
      readonly sopClassUid: string;
      readonly warnings: readonly InstanceWarning[];
    }
  | {
      readonly result: 'failed';
      readonly error: GantryError;
      readonly sopClassUid?: string;
      readonly sopInstanceUid?: string;
    };

/** Figures for metrics; counters only ever grow. */
export interface EngineStats {
  readonly instancesStored: number;
  readonly instancesReplaced: number;
  readonly instancesIdentical: number;
  readonly instancesFailed: number;
  readonly bytesStored: number;
  readonly instancesDeleted: number;
  readonly instancesUndeleted: number;
  /** Reads refused because stored bytes were damaged. */
  readonly damagedReads: number;
  readonly scrub: { readonly bytes: number; readonly passes: number; readonly problems: number };
  readonly arenaBytesTotal: number;
  readonly arenaBytesInUse: number;
  readonly parseQueueLength: number;
  readonly commitsInFlight: number;
  readonly committedSequence: number;
  readonly indexedSequence: number;
  readonly framesTranscoded: number;
  readonly framesFromCache: number;
  readonly picturesRendered: number;
  readonly picturesFromCache: number;
  /** Encoded ahead since the start. */
  readonly framesDerived: number;
  /** Of frames that were encoded ahead, on disk. */
  readonly derivedBytes: number;
  readonly codecQueueLength: number;
  readonly queriesByPlan: Readonly<Record<QueryPlanName, number>>;
}
