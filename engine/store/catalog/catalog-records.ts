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

/** Where the Part 10 bytes of an instance are. */
export interface BlobLocator {
  /** `segment`: file `segment` of the blob log; `value`: the RocksDB value under `segment`:`offset` read as one key. */
  readonly store: 'segment' | 'value';
  readonly segment: number;
  /** Position of the first byte of the blob in its segment file. */
  readonly offset: number;
  readonly length: number;
  readonly crc32: number;
}
