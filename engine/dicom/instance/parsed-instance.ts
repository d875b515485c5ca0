import { GantryError } from '#engine/base/error-catalogue.js';
import type { DeflatedText } from '#engine/base/deflated-text.js';
import type { JsonDataSet } from '../json-model/json-model-types.js';

/** The UIDs that name an instance, trimmed and checked with `isUid`. */
export interface InstanceIdentifiers {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
  readonly sopClassUid: string;
}

/** The indexed attributes (../indexed-attributes.ts) of one instance, one JSON data set a level. */
export interface IndexedAttributes {
  readonly study: JsonDataSet;
  readonly series: JsonDataSet;
  readonly instance: JsonDataSet;
}

/**
 * Metadata of one instance as it is kept and served: UTF-8 text of one DICOM JSON object, without the surrounding array. A
 * BulkDataURI starts with the URL of its instance, which is not known at ingest: at each of `uriOffsets` (ascending byte
 * positions in `json`) the reader of the document inserts `{base}/studies/{study}/series/{series}/instances/{instance}`; the
 * text goes on with `/bulkdata/{attribute path}`.
 */
export interface MetadataDocument {
  readonly json: Uint8Array;
  readonly uriOffsets: readonly number[];
  /** The same text as it is kept, cut at `uriOffsets`; absent where nobody has deflated it. */
  readonly pieces?: readonly DeflatedText[];
}

/** A value that metadata replaced by a BulkDataURI. `path` is e.g. `7FE00010` or `00480105/1/00282000` (items 1-based). */
export interface BulkValue {
  readonly path: string;
  readonly vr: string;
  /** Position of the value in the Part 10 bytes as stored (for a deflated data set: in the inflated data set). */
  readonly offset: number;
  readonly length: number;
}

/** How the frames of an instance lie in its Part 10 bytes. Positions as in `BulkValue`. */
export type PixelLayout =
  | { readonly kind: 'none' }
  | {
      /** Frames of equal length, one after another. `frameBits` is exact where 1-bit frames do not end on a byte. */
      readonly kind: 'native';
      readonly offset: number;
      readonly length: number;
      readonly frameCount: number;
      readonly frameBits: number;
    }
  | {
      /** Entry per frame in `frameTable`, see ../pixel-data/frame-table.ts. */
      readonly kind: 'encapsulated';
      readonly offset: number;
      readonly length: number;
      readonly frameCount: number;
    };

/** Where things lie in the stored bytes; kept beside the record so that a retrieve never parses. */
export interface InstanceLayout {
  readonly transferSyntaxUid: string;
  /** First byte after the File Meta Information. */
  readonly dataSetOffset: number;
  /** True when positions below count in the inflated data set (PS3.5 §A.5), which starts at `dataSetOffset` deflated. */
  readonly deflated: boolean;
  readonly pixel: PixelLayout;
  readonly bulkValues: readonly BulkValue[];
  /** Metadata has not all of the data set: a value that it does without, or an attribute that came twice. */
  readonly isMetadataPartial?: true;
}

/** All that a parse worker finds out about an instance. Plain data: it crosses threads. */
export interface ParsedInstance {
  readonly identifiers: InstanceIdentifiers;
  readonly transferSyntaxUid: string;
  /**
   * Bytes to store in front of the received ones: preamble, `DICM` and File Meta Information where the sender left them out;
   * empty otherwise. All positions count from its first byte.
   */
  readonly prefix: Uint8Array;
  /**
   * `IndexedAttributes` as JSON: some hundred small objects cost four times as much to clone on the way through two threads as
   * their text.
   */
  readonly attributesJson: string;
  readonly metadata: MetadataDocument;
  readonly layout: InstanceLayout;
  /** Encoded frame table (../pixel-data/frame-table.ts), empty unless the pixel data is encapsulated. */
  readonly frameTable: Uint8Array;
  /** CRC-32 (ISO 3309, as zlib) of the received bytes, without `prefix`. */
  readonly crc32: number;
  /** CRC-32 of each block of 16 KiB of the received bytes, u32 little-endian (engine/base/block-checksums.ts). */
  readonly blockChecksums: Uint8Array;
  /** What was tolerated, for the log and for WarningReason: no values, only tags and reasons. */
  readonly warnings: readonly InstanceWarning[];
}

/** A parsed instance whose attributes can be looked at. */
export interface IndexedInstance extends ParsedInstance {
  readonly attributes: IndexedAttributes;
}

/** Throws `processing-failure` when the text is none that a parse worker wrote. */
export function readIndexedAttributes({
  attributesJson,
}: Pick<ParsedInstance, 'attributesJson'>): IndexedAttributes {
  try {
    return JSON.parse(attributesJson) as IndexedAttributes;
  } catch (cause) {
    throw new GantryError('processing-failure', 'indexed attributes are no JSON', { cause });
  }
}

export interface InstanceWarning {
  /** Eight hexadecimal digits, or empty when the warning concerns the whole data set. */
  readonly tag: string;
  readonly reason: string;
  /**
   * `omitted`: metadata and index do without the value, or without the one in the sequence. `several-values`: it is all there,
   * but a client may expect the index to have the first value alone.
   */
  readonly effect?: 'omitted' | 'several-values';
}
