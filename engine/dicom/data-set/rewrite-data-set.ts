import { assert } from '#engine/base/assert.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import {
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { vrName } from '#engine/dicom/dictionary/vr.js';
import type { DataSetVisitor, ElementHeader } from '#engine/dicom/part10/data-set-visitor.js';
import { Part10Reader } from '#engine/dicom/part10/part10-reader.js';
import { ByteSink } from './byte-sink.js';
import { writeElementHeader, writeTag } from './encode-data-set.js';

/** Bytes that can be read piece by piece: up to `lengthMax` from `position`, at least one unless that is the end. */
export interface RangeSource {
  readonly length: number;
  read(position: number, lengthMax: number): Promise<Uint8Array>;
}

/** A stretch of the rewritten data set: new bytes, or a value that stays where it is in the source. */
interface Piece {
  readonly start: number;
  readonly length: number;
  readonly bytes?: Uint8Array;
  readonly sourcePosition: number;
}

/** The transfer syntaxes that differ in element headers alone, the preferred one first. */
export const rewritableTransferSyntaxes: readonly string[] = [
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
];

/** Memory for all but the bulk values of one data set. */
const rewrittenBytesMax = 64 * 1024 * 1024;

/** Bytes read at once while there is something to look at. */
const readBytes = 64 * 1024;

const undefinedLength = 0xffffffff;
const itemTag = 0xfffee000;
const itemDelimiterTag = 0xfffee00d;
const sequenceDelimiterTag = 0xfffee0dd;

/**
 * A data set in explicit VR little endian as one in implicit VR, or the other way round (PS3.5 §A.1, §A.2): element headers are
 * written anew, values are the same bytes, and bulk values are not even read until the result is. Sequences become delimited;
 * group lengths, which would be false, are left out.
 *
 * Rejects with what the source or the reader throws, and `limit-exceeded` when too much would have to be held in memory.
 */
export async function rewriteDataSet(
  source: RangeSource,
  fromTransferSyntaxUid: string,
  toTransferSyntaxUid: string,
): Promise<RangeSource> {
  for (const uid of [fromTransferSyntaxUid, toTransferSyntaxUid]) {
    assert(rewritableTransferSyntaxes.includes(uid), 'a transfer syntax that can be rewritten');
  }
  const writer = new PieceWriter(toTransferSyntaxUid === explicitVrLittleEndianUid);
  const reader = new Part10Reader(writer, fromTransferSyntaxUid);
  for (let position = 0; position < source.length;) {
    const skippable = Math.min(reader.skippableBytes, source.length - position);
    if (skippable > 0) {
      reader.skip(skippable);
      position += skippable;
    } else {
      const chunk = await source.read(position, readBytes);
      if (chunk.length === 0)
        throw new GantryError('truncated', 'source of a data set ended early');
      reader.push(chunk);
      position += chunk.length;
    }
  }
  reader.end();
  return new PieceSource(source, writer.finish());
}

/** Writes what the reader finds; the rewritten data set is its pieces one after another. */
class PieceWriter implements DataSetVisitor {
  readonly #encoding: { readonly isExplicitVr: boolean; readonly isBigEndian: false };
  readonly #pieces: Piece[] = [];
  #sink = new ByteSink(false);
  #length = 0;
  #heldBytes = 0;

  constructor(isExplicitVr: boolean) {
    this.#encoding = { isExplicitVr, isBigEndian: false };
  }

  finish(): readonly Piece[] {
    this.#flush();
    return this.#pieces;
  }

  onValue(element: ElementHeader, value: Uint8Array): void {
    if ((element.tag & 0xffff) === 0) return;
    this.#writeHeader(element, value.length);
    this.#sink.put(value);
    if (this.#heldBytes + this.#sink.length > rewrittenBytesMax) {
      throw new GantryError('limit-exceeded', 'too large to be sent in another transfer syntax');
    }
  }

  onBulkValue(element: ElementHeader): void {
    const { length, offset } = element;
    if (length === -1) throw new GantryError('malformed', 'fragments in a native transfer syntax');
    this.#writeHeader(element, length);
    this.#flush();
    this.#pieces.push({ start: this.#length, length, sourcePosition: offset });
    this.#length += length;
  }

  onSequenceStart(element: ElementHeader): void {
    this.#writeHeader(element, undefinedLength);
  }

  onItemStart(): void {
    this.#writeDelimiter(itemTag, undefinedLength);
  }

  onItemEnd(): void {
    this.#writeDelimiter(itemDelimiterTag, 0);
  }

  onSequenceEnd(): void {
    this.#writeDelimiter(sequenceDelimiterTag, 0);
  }

  onOffsetTable(): void {
    // Part of encapsulated pixel data, which no native transfer syntax has.
  }

  onFragment(): void {
    // As above.
  }

  onFragmentsEnd(): void {
    // As above.
  }

  onWarning(): void {
    // Known since the instance was stored.
  }

  #writeHeader({ tag, vr }: ElementHeader, length: number): void {
    writeElementHeader(this.#sink, tag, vrName(vr), length, this.#encoding);
  }

  #writeDelimiter(tag: number, length: number): void {
    writeTag(this.#sink, tag);
    this.#sink.uint32(length);
  }

  #flush(): void {
    const { bytes } = this.#sink;
    if (bytes.length === 0) return;
    this.#pieces.push({ start: this.#length, length: bytes.length, bytes, sourcePosition: 0 });
    this.#length += bytes.length;
    this.#heldBytes += bytes.length;
    this.#sink = new ByteSink(false);
  }
}

class PieceSource implements RangeSource {
  readonly length: number;
  readonly #source: RangeSource;
  readonly #pieces: readonly Piece[];

  constructor(source: RangeSource, pieces: readonly Piece[]) {
    this.#source = source;
    this.#pieces = pieces;
    const last = pieces.at(-1);
    this.length = last === undefined ? 0 : last.start + last.length;
  }

  async read(position: number, lengthMax: number): Promise<Uint8Array> {
    const piece = this.#pieceAt(position);
    if (piece === undefined) return new Uint8Array(0);
    const at = position - piece.start;
    const length = Math.min(lengthMax, piece.length - at);
    return (
      piece.bytes?.subarray(at, at + length) ??
      (await this.#source.read(piece.sourcePosition + at, length))
    );
  }

  /** The piece that holds `position`, by bisection. */
  #pieceAt(position: number): Piece | undefined {
    let low = 0;
    let high = this.#pieces.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#pieces[middle]?.start ?? 0) <= position) low = middle;
      else high = middle - 1;
    }
    const piece = this.#pieces[low];
    return piece !== undefined && position < piece.start + piece.length ? piece : undefined;
  }
}
