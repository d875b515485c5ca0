import {
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { Part10Reader } from '#engine/dicom/part10/part10-reader.js';
import { PieceSource } from './piece-source.js';
import { PieceWriter } from './piece-writer.js';
import type { RangeSource } from './range-source.js';

/** The transfer syntaxes that a data set can be rewritten to by its headers alone, the preferred one first. */
export const rewritableTransferSyntaxes: readonly string[] = [
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
];

/** How a data set is to be written anew. */
export interface DataSetRewrite {
  readonly fromTransferSyntaxUid: string;
  /** The result is in little endian, with explicit VRs unless this is Implicit VR Little Endian; it is never deflated. */
  readonly toTransferSyntaxUid: string;
  /** Elements of the root data set that are written instead of, or beside, those that are there. */
  readonly changes?: JsonDataSet;
  /** Tags of the root data set that are left out. */
  readonly removed?: readonly number[];
  /** The header that Pixel Data gets, when its value is going to be another. */
  readonly pixelData?: { readonly vr: 'OB' | 'OW'; readonly length: number };
}

export interface RewrittenDataSet {
  /** Everything, or everything up to and with the header of the Pixel Data that gets another value. */
  readonly head: RangeSource;
  /** What follows the value of that Pixel Data: empty as a rule, and where none was found. */
  readonly tail: RangeSource;
  readonly hasPixelData: boolean;
}

/** Bytes read at once while there is something to look at. */
const readBytes = 64 * 1024;

/**
 * A data set in another encoding (PS3.5 §A.1 to §A.3, §A.5): element headers are written anew, values are the same bytes, turned
 * round where they were big endian, and bulk values are not even read until the result is. Sequences become delimited; group
 * lengths, which would be false, are left out. So is a sequence with encapsulated pixel data of its own (Icon Image Sequence):
 * its encoding is that of the whole data set. A deflated source is to be inflated already; its length may be `Infinity`.
 *
 * Rejects with what the source or the reader throws, and `limit-exceeded` when too much would have to be held in memory.
 */
export async function rewriteDataSet(
  source: RangeSource,
  rewrite: DataSetRewrite,
): Promise<RewrittenDataSet> {
  const writer = new PieceWriter(rewrite);
  const reader = new Part10Reader(writer, rewrite.fromTransferSyntaxUid);
  for (let position = 0; position < source.length;) {
    const skippable = Math.min(reader.skippableBytes, source.length - position);
    if (skippable > 0) {
      reader.skip(skippable);
      position += skippable;
    } else {
      const chunk = await source.read(position, readBytes);
      if (chunk.length === 0) break;
      reader.push(chunk);
      position += chunk.length;
    }
  }
  reader.end();
  const { unwritable } = writer;
  if (unwritable.length > 0) {
    const removed = [...(rewrite.removed ?? []), ...unwritable];
    return rewriteDataSet(source, { ...rewrite, removed });
  }
  const { head, tail } = writer.finish();
  return {
    head: new PieceSource(source, head),
    tail: new PieceSource(source, tail ?? []),
    hasPixelData: tail !== undefined,
  };
}
