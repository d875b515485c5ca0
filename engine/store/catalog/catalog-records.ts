import type { ElementTexts } from '#engine/dicom/json-model/element-texts.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';

/**
 * The records of the catalogue as readers see them. `sequence` is the change log's number of the commit that wrote the record
 * last: it versions ETags and lets the index replace a row it already holds.
 */
export interface StudyRecord {
  readonly studyInstanceUid: string;
  readonly sequence: number;
  readonly createdAtMs: number;
  readonly attributes: JsonDataSet;
  /** The attributes as they are stored, for those who need few of them, where a search has read the record. */
  readonly elements?: ElementTexts;
  readonly seriesCount: number;
  readonly instanceCount: number;
  readonly modalities: readonly string[];
  readonly sopClassUids: readonly string[];
  readonly storedBytes: number;
}

export interface SeriesRecord {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sequence: number;
  readonly createdAtMs: number;
  readonly attributes: JsonDataSet;
  readonly instanceCount: number;
  /** Instances of each SOP class; what the study's `sopClassUids` are derived from when instances go. */
  readonly sopClassCounts: Readonly<Record<string, number>>;
  readonly storedBytes: number;
}

export interface InstanceRecord {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
  readonly sequence: number;
  readonly createdAtMs: number;
  readonly attributes: JsonDataSet;
  readonly transferSyntaxUid: string;
  readonly blob: BlobLocator;
}

/** An instance that was deleted and can be brought back until `dueAtMs`; all that was kept of it is still there. */
export interface DeletedRecord {
  readonly record: InstanceRecord;
  readonly dueAtMs: number;
}

/** Names a series, or an instance, inside a partition. */
export interface SeriesKey {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
}

export interface InstanceKey extends SeriesKey {
  readonly sopInstanceUid: string;
}

/** One entry of the change log. Sequences are contiguous and start at 1. */
export interface ChangeRecord extends InstanceKey {
  readonly sequence: number;
  readonly partition: number;
  /** `replace`: another took the place of an instance with its UIDs; `restore`: a deletion was taken back. */
  readonly action: 'create' | 'delete' | 'replace' | 'restore';
  readonly timeMs: number;
}

/** Where the Part 10 bytes of an instance are. */
export interface BlobLocator {
  /**
   * `segment`: in the file of the blob log with the number `segment`; `file`: in the file of that number which holds nothing
   * else; `value`: in RocksDB values under `segment` and `offset`, taken together as a name.
   */
  readonly store: 'segment' | 'file' | 'value';
  readonly segment: number;
  /** Position of the first byte of the blob in its file. */
  readonly offset: number;
  readonly length: number;
  /** CRC-32 (ISO 3309, as zlib) of the whole blob. */
  readonly crc32: number;
}
