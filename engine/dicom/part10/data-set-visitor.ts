import type { VrCode } from '#engine/dicom/dictionary/vr.js';

/**
 * The data element being reported. One object serves all elements of a data set, so that reading makes none: it is valid only
 * during the call.
 */
export interface ElementHeader {
  tag: number;
  /** Resolved: never ambiguous, unknown VRs are UN. */
  vr: VrCode;
  /**
   * Position of the value in the bytes received, or in the inflated data set when that is deflated.
   */
  offset: number;
  /** Length of the value in bytes; -1 when it is delimited instead (PS3.5 §7.1.1). */
  length: number;
  isBigEndian: boolean;
  /** The VR did not come with the element. */
  isImplicitVr: boolean;
  /** Number of sequences around the element. */
  depth: number;
}

/**
 * What a reader finds in a data set, in order. Views of bytes are valid only during the call. Whatever is thrown ends the
 * reading.
 */
export interface DataSetVisitor {
  /** A value short enough to be held in memory. */
  onValue(element: ElementHeader, value: Uint8Array): void;
  /** A value that is not looked at: long, or pixel data. Of a delimited one `onFragmentsEnd` tells the length. */
  onBulkValue(element: ElementHeader): void;
  onSequenceStart(element: ElementHeader): void;
  onItemStart(): void;
  onItemEnd(): void;
  onSequenceEnd(): void;
  /**
   * Content of a frame offset table of the pixel data: `tag` is (7FE0,0001) or (7FE0,0002) for the extended table and its
   * lengths, PS3.3 §C.7.6.3.1.8, and (7FE0,0010) for the basic offset table, PS3.5 §A.4.
   */
  onOffsetTable(tag: number, table: Uint8Array): void;
  /** A fragment of the pixel data of the instance. `offset` is that of its value. */
  onFragment(offset: number, length: number, firstBytes: number): void;
  /** End of a delimited bulk value: the position of its sequence delimiter. */
  onFragmentsEnd(element: ElementHeader, end: number): void;
  /** Something that the standard forbids and the reader tolerates. */
  onWarning(tag: number, reason: string): void;
}
