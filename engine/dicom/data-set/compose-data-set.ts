import { assert } from '#engine/base/assert.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import { tagText } from '#engine/dicom/dictionary/dictionary.js';
import { wordBytes, vrCode } from '#engine/dicom/dictionary/vr.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { ByteSink } from './byte-sink.js';
import { writeElementHeader, writeTag } from './encode-data-set.js';
import { encodeValue } from './encode-value.js';

/** Bytes that lie elsewhere, by the place that whoever gave them knows them by. */
export interface BulkRange {
  readonly position: number;
  readonly length: number;
}

/** What a BulkDataURI stands for: one value, or the frames of encapsulated pixel data (PS3.5 §A.4), a fragment each. */
export type BulkContent =
  | { readonly kind: 'value'; readonly range: BulkRange }
  | { readonly kind: 'fragments'; readonly ranges: readonly BulkRange[] };

/** The composed data set is its pieces one after another. */
export type DataSetPiece = Uint8Array | BulkRange;

const encoding = { isExplicitVr: true, isBigEndian: false } as const;
const undefinedLength = 0xffffffff;
/** The largest even length that is no sign. */
const valueLengthMax = 0xfffffffe;
const itemTag = 0xfffee000;
const itemDelimiterTag = 0xfffee00d;
const sequenceDelimiterTag = 0xfffee0dd;
const specificCharacterSetTag = '00080005';

/**
 * Encodes a checked data set in explicit VR little endian, with bulk values as ranges that `bulkOf` gives for a URI: nothing of
 * them is held. Sequences and items are delimited. Text is UTF-8 and announced as such. Group 0002 and group lengths are left
 * out. Throws `payload-too-large` for a value longer than an element can be, and what `bulkOf` throws.
 */
export function composeDataSet(
  dataSet: JsonDataSet,
  bulkOf: (uri: string, tag: number) => BulkContent,
): DataSetPiece[] {
  const composer = new Composer(bulkOf);
  composer.writeElements({
    ...dataSet,
    [specificCharacterSetTag]: { vr: 'CS', Value: ['ISO_IR 192'] },
  });
  return composer.finish();
}

class Composer {
  readonly #bulkOf: (uri: string, tag: number) => BulkContent;
  readonly #pieces: DataSetPiece[] = [];
  #sink = new ByteSink(false);

  constructor(bulkOf: (uri: string, tag: number) => BulkContent) {
    this.#bulkOf = bulkOf;
  }

  finish(): DataSetPiece[] {
    this.#flush();
    return this.#pieces;
  }

  writeElements(dataSet: JsonDataSet): void {
    for (const hex of Object.keys(dataSet).sort()) {
      const tag = Number.parseInt(hex, 16);
      if (tag >>> 16 > 0x0002 && (tag & 0xffff) !== 0) this.#writeElement(tag, dataSet[hex]!);
    }
  }

  #writeElement(tag: number, element: JsonElement): void {
    if (element.vr === 'SQ') {
      this.#writeHeader(tag, 'SQ', undefinedLength);
      for (const item of (element.Value ?? []) as JsonDataSet[]) {
        this.#writeDelimiter(itemTag, undefinedLength);
        this.writeElements(item);
        this.#writeDelimiter(itemDelimiterTag, 0);
      }
      this.#writeDelimiter(sequenceDelimiterTag, 0);
    } else if (element.BulkDataURI === undefined) {
      const value = encodeValue(element, encoding.isBigEndian);
      this.#writeHeader(tag, element.vr, value.length);
      this.#sink.put(value);
    } else this.#writeBulk(tag, element.vr, this.#bulkOf(element.BulkDataURI, tag));
  }

  #writeBulk(tag: number, vr: string, content: BulkContent): void {
    if (content.kind === 'value') {
      const { length } = content.range;
      const isWhole = length % wordBytes(vrCode(vr)) === 0;
      if (!isWhole) throw new GantryError('malformed', `${tagText(tag)} ends inside a word`);
      checkLength(tag, length);
      this.#writeHeader(tag, vr, length + (length % 2));
      return this.#writeRange(content.range);
    }
    this.#writeHeader(tag, 'OB', undefinedLength);
    // No offset table: each frame is one fragment.
    this.#writeDelimiter(itemTag, 0);
    for (const range of content.ranges) {
      checkLength(tag, range.length);
      this.#writeDelimiter(itemTag, range.length + (range.length % 2));
      this.#writeRange(range);
    }
    this.#writeDelimiter(sequenceDelimiterTag, 0);
  }

  #writeRange(range: BulkRange): void {
    this.#flush();
    this.#pieces.push(range);
    if (range.length % 2 === 1) this.#sink.put(Buffer.alloc(1));
  }

  #writeHeader(tag: number, vr: string, length: number): void {
    writeElementHeader(this.#sink, { tag, vr, length }, encoding);
  }

  #writeDelimiter(tag: number, length: number): void {
    writeTag(this.#sink, tag);
    this.#sink.uint32(length);
  }

  #flush(): void {
    if (this.#sink.length === 0) return;
    this.#pieces.push(this.#sink.bytes);
    this.#sink = new ByteSink(false);
  }
}

function checkLength(tag: number, length: number): void {
  assert(Number.isSafeInteger(length) && length >= 0, 'a length in bytes');
  if (length > valueLengthMax) {
    throw new GantryError('payload-too-large', `${tagText(tag)} has more than 4 GiB`);
  }
}
