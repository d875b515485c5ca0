import { GantryError } from '#engine/base/error-catalogue.js';
import { implicitVrLittleEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { vrCodes, vrName, wordBytes } from '#engine/dicom/dictionary/vr.js';
import { swapWords } from '#engine/dicom/encoding/swap-words.js';
import type { JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import type { DataSetVisitor, ElementHeader } from '#engine/dicom/part10/data-set-visitor.js';
import { ByteSink } from './byte-sink.js';
import { writeElement, writeElementHeader, writeTag } from './encode-data-set.js';
import type { Piece } from './piece-source.js';
import type { DataSetRewrite } from './rewrite-data-set.js';

/** Memory for all but the bulk values of one data set. */
const heldBytesMax = 64 * 1024 * 1024;

const undefinedLength = 0xffffffff;
const bitsAllocatedTag = 0x00280100;
const pixelDataTag = 0x7fe00010;
const itemTag = 0xfffee000;
const itemDelimiterTag = 0xfffee00d;
const sequenceDelimiterTag = 0xfffee0dd;

/** Writes what a reader finds as `DataSetRewrite` says; the rewritten data set is its pieces one after another. */
export class PieceWriter implements DataSetVisitor {
  /** Root sequences that hold encapsulated pixel data of their own, which has no place in another transfer syntax. */
  readonly unwritable: number[] = [];
  readonly #encoding: { readonly isExplicitVr: boolean; readonly isBigEndian: false };
  readonly #pixelData: DataSetRewrite['pixelData'];
  readonly #removed: ReadonlySet<number>;
  /** Elements still to be written, by ascending tag. */
  readonly #changes: (readonly [tag: number, element: JsonElement])[];
  #pieces: Piece[] = [];
  #head: Piece[] | undefined;
  #sink = new ByteSink(false);
  #length = 0;
  #heldBytes = 0;
  #rootTag = 0;
  /** Sequences open inside one that is left out, itself included. */
  #leftOutDepth = 0;
  #is32Bit = false;

  constructor({ toTransferSyntaxUid, changes = {}, removed = [], pixelData }: DataSetRewrite) {
    this.#encoding = {
      isExplicitVr: toTransferSyntaxUid !== implicitVrLittleEndianUid,
      isBigEndian: false,
    };
    this.#pixelData = pixelData;
    this.#changes = Object.entries(changes)
      .map(([hex, element]) => [Number.parseInt(hex, 16), element] as const)
      .sort(([a], [b]) => a - b);
    this.#removed = new Set([...removed, ...this.#changes.map(([tag]) => tag)]);
  }

  /** `tail` is undefined when no Pixel Data was there to get another value. */
  finish(): { readonly head: readonly Piece[]; readonly tail: readonly Piece[] | undefined } {
    this.#writeChangesBefore(Infinity);
    this.#flush();
    return this.#head === undefined
      ? { head: this.#pieces, tail: undefined }
      : { head: this.#head, tail: this.#pieces };
  }

  onValue(element: ElementHeader, value: Uint8Array): void {
    if (!this.#enter(element)) return;
    this.#writeHeader(element, value.length);
    const start = this.#sink.length;
    this.#sink.put(value);
    if (element.isBigEndian) swapWords(this.#sink.bytes.subarray(start), wordBytes(element.vr));
    if (element.tag === bitsAllocatedTag && element.depth === 0) {
      this.#is32Bit = this.#sink.bytes.readUInt8(start) === 32;
    }
    if (this.#heldBytes + this.#sink.length > heldBytesMax) {
      throw new GantryError('limit-exceeded', 'too large to be sent in another transfer syntax');
    }
  }

  onBulkValue(element: ElementHeader): void {
    if (!this.#enter(element)) return;
    const { tag, depth, length, offset } = element;
    if (tag === pixelDataTag && depth === 0 && this.#pixelData !== undefined) {
      return this.#replacePixelData(this.#pixelData);
    }
    if (length === -1) {
      // Fragments outside Pixel Data; the sequence around is left out at the second try.
      if (depth === 0) throw new GantryError('malformed', 'fragments that are no pixel data');
      this.unwritable.push(this.#rootTag);
      return;
    }
    this.#writeHeader(element, length);
    this.#flush();
    const words = element.isBigEndian ? this.#wordBytesOf(element) : 1;
    const start = this.#length;
    this.#pieces.push({ start, length, sourcePosition: offset, wordBytes: words });
    this.#length += length;
  }

  onSequenceStart(element: ElementHeader): void {
    if (!this.#enter(element)) this.#leftOutDepth++;
    else this.#writeHeader(element, undefinedLength);
  }

  onItemStart(): void {
    this.#writeDelimiter(itemTag, undefinedLength);
  }

  onItemEnd(): void {
    this.#writeDelimiter(itemDelimiterTag, 0);
  }

  onSequenceEnd(): void {
    this.#writeDelimiter(sequenceDelimiterTag, 0);
    if (this.#leftOutDepth > 0) this.#leftOutDepth--;
  }

  onOffsetTable(): void {
    // Of the pixel data as it was.
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

  /** Writes what comes before the element; whether it is itself to be written. */
  #enter({ tag, depth }: ElementHeader): boolean {
    if (depth === 0) {
      this.#rootTag = tag;
      this.#writeChangesBefore(tag);
    }
    if (this.#leftOutDepth > 0 || (tag & 0xffff) === 0) return false;
    return depth > 0 || !this.#removed.has(tag);
  }

  #writeChangesBefore(tag: number): void {
    while (this.#changes.length > 0 && this.#changes[0]![0] <= tag) {
      const [changedTag, element] = this.#changes.shift()!;
      writeElement(this.#sink, changedTag, element, this.#encoding);
    }
  }

  #replacePixelData({ vr, length }: NonNullable<DataSetRewrite['pixelData']>): void {
    writeElementHeader(this.#sink, { tag: pixelDataTag, vr, length }, this.#encoding);
    this.#flush();
    this.#head = this.#pieces;
    this.#pieces = [];
    this.#length = 0;
  }

  /** Pixels of 32 bits are turned round whole also where the VR says words of 16. */
  #wordBytesOf({ tag, vr, depth }: ElementHeader): number {
    const isWide = this.#is32Bit && tag === pixelDataTag && depth === 0;
    return isWide && vr === vrCodes.OW ? 4 : wordBytes(vr);
  }

  #writeHeader({ tag, vr }: ElementHeader, length: number): void {
    writeElementHeader(this.#sink, { tag, vr: vrName(vr), length }, this.#encoding);
  }

  #writeDelimiter(tag: number, length: number): void {
    if (this.#leftOutDepth > 0) return;
    writeTag(this.#sink, tag);
    this.#sink.uint32(length);
  }

  #flush(): void {
    const { bytes } = this.#sink;
    if (bytes.length === 0) return;
    const start = this.#length;
    this.#pieces.push({ start, length: bytes.length, bytes, sourcePosition: 0, wordBytes: 1 });
    this.#length += bytes.length;
    this.#heldBytes += bytes.length;
    this.#sink = new ByteSink(false);
  }
}
