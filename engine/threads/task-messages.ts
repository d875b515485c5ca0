import type { ErrorCode } from '#engine/base/error-catalogue.js';
import type { InstanceRules } from '#engine/dicom/instance/instance-rules.js';
import type { ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';
import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';
import type {
  InstanceKey,
  SeriesKey,
  SeriesRecord,
  StudyRecord,
  InstanceRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { BackupReport } from '#engine/maintenance/backup/write-backup.js';
import type {
  VerifyProblem,
  VerifyProgress,
  VerifyReport,
} from '#engine/maintenance/verify-report.js';
import type { CatalogSnapshot } from '#engine/store/catalog-snapshot.js';
import type { QueryExpression, QueryPage } from '#engine/query/query-expression.js';

/**
 * Every message that crosses a thread boundary: plain data, no class, no function. All fields are copied by structured clone;
 * instance bytes never are: they lie in the shared arena and messages name their extents. Bytes of frames are moved: whoever
 * sends them has them no longer.
 */

/** A run of bytes in the shared arena; it never crosses a block border. `offset` counts from the start of the arena. */
export interface Extent {
  readonly offset: number;
  readonly length: number;
}

/** Where the received bytes of an instance are: in the arena, or in a file that the store thread filled while they arrived. */
export type InstanceSource =
  | { readonly kind: 'arena'; readonly extents: readonly Extent[]; readonly length: number }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly offset: number;
      readonly length: number;
    };

/** What a C-STORE says of its data set, which arrives without File Meta Information (PS3.10 §7.1). */
export interface DataSetDescription {
  readonly transferSyntaxUid: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly callingAeTitle: string;
}

// ---- main → parse worker (Piscina): one task for all instances that one chunk completed ----
export interface ParseTask {
  readonly instances: readonly ParseRequest[];
}

export interface ParseRequest {
  readonly source: InstanceSource;
  /** Present when the bytes are a bare data set; absent when they are Part 10. */
  readonly dataSet?: DataSetDescription;
  /** Default: `defaultInstanceRules`. */
  readonly rules?: InstanceRules;
}

export type ParseResult =
  | { readonly ok: true; readonly instance: ParsedInstance }
  | {
      readonly ok: false;
      readonly code: ErrorCode;
      readonly detail: string;
      /** As far as the reader came, for FailedSOPSequence. */
      readonly sopClassUid?: string;
      readonly sopInstanceUid?: string;
    };

// ---- main → store thread ----
export type StoreRequest =
  | CommitRequest
  /**
   * Bytes of an instance too large to wait in the arena: append them to the spill file of `spillId`. The first request holds the
   * preamble as a whole.
   */
  | { readonly kind: 'spill'; readonly spillId: number; readonly extents: readonly Extent[] }
  | { readonly kind: 'spill-abandon'; readonly spillId: number }
  | DeleteRequest
  /**
   * Freezes the state after all that was acknowledged: links the files of the catalogue into `directory`, and removes no file of
   * the blob log until it is released.
   */
  | { readonly kind: 'snapshot'; readonly directory: string }
  | { readonly kind: 'snapshot-release' }
  | UndeleteRequest
  | { readonly kind: 'close' };

/**
 * What becomes of an instance whose UIDs are stored: `never` and `if-changed` leave one with the same content alone; of one with
 * other content the first refuses the new, the second replaces the old. `always` replaces it in any case.
 */
export type OverwritePolicy = 'never' | 'if-changed' | 'always';

export interface CommitRequest {
  readonly kind: 'commit';
  readonly overwrite: OverwritePolicy;
  readonly commitId: number;
  readonly partition: number;
  readonly instance: ParsedInstance;
  readonly source: InstanceSource;
  /** The spill that holds the bytes, when `source.kind` is `file`. */
  readonly spillId?: number;
}

/** Deletes a study, a series or an instance, as of what is stored when the request is taken up. */
export interface DeleteRequest {
  readonly kind: 'delete';
  readonly deleteId: number;
  readonly partition: number;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid?: string;
  readonly sopInstanceUid?: string;
}

/** Takes back what was deleted of a study, a series or an instance and can still be; it is answered as a deletion is. */
export interface UndeleteRequest extends Omit<DeleteRequest, 'kind'> {
  readonly kind: 'undelete';
}

// ---- store thread → main ----
export type StoreReply =
  | { readonly kind: 'ready'; readonly sequence: number }
  /** One message for a whole commit group. */
  | {
      readonly kind: 'committed';
      readonly outcomes: readonly CommitOutcome[];
      readonly sequence: number;
    }
  /**
   * The extents of one spill request are on file and may be reused. All bytes of the spill so far, `length` of them, can be read
   * from `path` at `offset`; a preamble among the first has been cleared.
   */
  | {
      readonly kind: 'spilled';
      readonly spillId: number;
      readonly path: string;
      readonly offset: number;
      readonly length: number;
    }
  | {
      readonly kind: 'spill-failed';
      readonly spillId: number;
      readonly code: ErrorCode;
      readonly detail: string;
    }
  /** A deletion has ended; `sequence` is the last of the change log by then. */
  | {
      readonly kind: 'deleted';
      readonly deleteId: number;
      readonly result: DeleteResult;
      readonly sequence: number;
    }
  /** The answer to `snapshot`. */
  | { readonly kind: 'snapshot-taken'; readonly snapshot: StoreSnapshot }
  | { readonly kind: 'snapshot-failed'; readonly code: ErrorCode; readonly detail: string }
  /** Files without any instance were removed: whoever keeps them open may let go. */
  | { readonly kind: 'removed'; readonly files: readonly RemovedFile[] }
  /** Something that an operator should know of; the store goes on. */
  | { readonly kind: 'problem'; readonly text: string; readonly detail: string }
  /** Writing failed in a way that must not be retried: no further commit will succeed. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly detail: string }
  | { readonly kind: 'closed' };

export interface CommitOutcome {
  readonly commitId: number;
  /** `replaced`: another with its UIDs has made room; `identical`: the same was stored before, nothing was written. */
  readonly result:
    'stored' | 'replaced' | 'identical' | { readonly code: ErrorCode; readonly detail: string };
}

/** The store as it was at one moment. */
export interface StoreSnapshot {
  readonly catalog: CatalogSnapshot;
  /** Last sequence of the change log. */
  readonly sequence: number;
  /** The segment that was appended to, and where its committed records ended. */
  readonly segment: number;
  readonly segmentEnd: number;
}

/** A file of the blob log: `segment` for one of many blobs, `file` for one of a single blob. */
export interface RemovedFile {
  readonly store: 'segment' | 'file';
  readonly segment: number;
}

/** Instances that were deleted; after a failure some may be gone as well. */
export type DeleteResult =
  { readonly instanceCount: number } | { readonly code: ErrorCode; readonly detail: string };

// ---- store thread → index thread: posted before the acknowledgement of the same group ----
/** What a group added to one partition, or a deletion took from it; a group of several partitions posts several, in the order of their sequences. */
export interface IndexFeed {
  readonly kind: 'feed';
  readonly partition: number;
  /** Last change log sequence that these rows complete. */
  readonly sequence: number;
  /** Newest version of each study and series that was touched and is still there, and the instances that were added. */
  readonly studies: readonly StudyRecord[];
  readonly series: readonly SeriesRecord[];
  readonly instances: readonly InstanceRecord[];
  /**
   * One number a row of `studies` and `series`: the sequence of the version that the row replaces, 0 where there was none. A
   * replay, which does not know it, says 1: any version.
   */
  readonly replacedStudySequences: readonly number[];
  readonly replacedSeriesSequences: readonly number[];
  /** Rows that went, to be taken out before the others are put in. */
  readonly removed: RemovedRows;
}

/** `sequence`: that of the version that went, or of any older one; a replay, which does not know it, says 1. */
export interface RemovedRows {
  readonly studies: readonly (Pick<SeriesKey, 'studyInstanceUid'> & Versioned)[];
  readonly series: readonly (SeriesKey & Versioned)[];
  readonly instances: readonly (InstanceKey & Versioned)[];
}

interface Versioned {
  readonly sequence: number;
}

// ---- main → index thread, and back ----
export type IndexRequest =
  | {
      readonly kind: 'query';
      readonly queryId: number;
      readonly sequence: number;
      readonly query: QueryExpression;
    }
  | { readonly kind: 'cancel'; readonly queryId: number }
  | { readonly kind: 'close' };

export type IndexReply =
  | { readonly kind: 'ready'; readonly sequence: number }
  | { readonly kind: 'page'; readonly queryId: number; readonly page: QueryPage }
  | {
      readonly kind: 'query-failed';
      readonly queryId: number;
      readonly code: ErrorCode;
      readonly detail: string;
    }
  | { readonly kind: 'applied'; readonly sequence: number }
  /** The index was unusable for the reason given and is made anew from the catalogue; queries wait. For the log. */
  | { readonly kind: 'rebuilding'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'closed' };

// ---- main → maintenance thread, and back ----
export type MaintenanceRequest =
  | { readonly kind: 'verify'; readonly bytesPerSecondMax: number }
  | { readonly kind: 'stop-verify' }
  | {
      readonly kind: 'backup';
      readonly target: string;
      readonly snapshot: StoreSnapshot;
      readonly bytesPerSecondMax: number;
    }
  | { readonly kind: 'close' };

export type MaintenanceReply =
  | { readonly kind: 'verifying'; readonly progress: VerifyProgress }
  | { readonly kind: 'verified'; readonly report: VerifyReport }
  | {
      readonly kind: 'problem';
      readonly by: 'scrub' | 'verify';
      readonly problem: VerifyProblem;
    }
  /** Bytes of instances that the scrubber has read since it told last. */
  | { readonly kind: 'scrubbed'; readonly bytes: number }
  | { readonly kind: 'scrub-ended'; readonly report: VerifyReport }
  | { readonly kind: 'backed-up'; readonly report: BackupReport }
  | { readonly kind: 'backup-failed'; readonly code: ErrorCode; readonly detail: string };

// ---- main → codec pool, and back ----
export interface CodecTask {
  /** Moved, with all of its memory. Native little endian pixels, or a codestream without item headers. */
  readonly frame: Uint8Array;
  readonly image: ImagePixelDescription;
  /** Explicit VR Little Endian stands for native frames. */
  readonly fromUid: string;
  readonly toUid: string;
  /** IJG scale, 1 to 100, of targets with loss; `lossyQuality` by default. */
  readonly quality?: number;
  /** Moved: memory for the native frame, of any content. */
  readonly room?: ArrayBuffer;
}

/** A structured report to be rendered as HTML: its metadata, one DICOM JSON object. */
export interface DocumentTask {
  readonly json: Uint8Array;
}

/** What became of a task; `spent` is what was moved to it and is not part of the result, moved back. */
export type CodecResult = { readonly spent: readonly ArrayBuffer[] } & (
  | {
      readonly ok: true;
      /** Moved, with all of its memory, which holds nothing else. */
      readonly frame: Uint8Array;
    }
  | { readonly ok: false; readonly code: ErrorCode; readonly detail: string }
);
