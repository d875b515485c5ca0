import { assert } from '#engine/base/assert.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { hasLongLength, isKnownVr, vrCode } from '#engine/dicom/dictionary/vr.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { ByteSink } from './byte-sink.js';
import { encodeValue } from './encode-value.js';

const specificCharacterSetTag = '00080005';
const itemTag = 0xfffee000;
const shortLengthMax = 0xfffe;
const notAscii = /[^\0-\x7f]/;

/** How element headers are written. */
interface Encoding {
  readonly isExplicitVr: boolean;
  readonly isBigEndian: boolean;
}

/**
 * Encodes a small data set, such as the identifier of a DIMSE message: elements by ascending tag, sequences and items with
 * lengths. Text is written in UTF-8 and announced as such (ISO_IR 192) when it is not plain ASCII, which needs no Specific
 * Character Set (PS3.4 §C.4.1.1.3.2); one that is among the elements is ignored.
 *
 * The transfer syntax is one of the three without compression. Values that are elsewhere (BulkDataURI) are a caller's error.
 */
export function encodeDataSet(dataSet: JsonDataSet, transferSyntaxUid: string): Buffer {
  const syntax = findTransferSyntax(transferSyntaxUid);
  assert(syntax !== undefined && !syntax.isDeflated && !syntax.isEncapsulated, 'plain syntax');
  const { [specificCharacterSetTag]: _ignored, ...elements } = dataSet;
  const charset: JsonDataSet = notAscii.test(JSON.stringify(elements))
    ? { [specificCharacterSetTag]: { vr: 'CS', Value: ['ISO_IR 192'] } }
    : {};
  const sink = new ByteSink(syntax.isBigEndian);
  writeElements(sink, { ...charset, ...elements }, syntax);
  return sink.bytes;
}

function writeElements(sink: ByteSink, dataSet: JsonDataSet, encoding: Encoding): void {
  for (const hex of Object.keys(dataSet).sort()) {
    writeElement(sink, Number.parseInt(hex, 16), dataSet[hex]!, encoding);
  }
}

/** Writes one element, sequences with all that is in them. */
export function writeElement(
  sink: ByteSink,
  tag: number,
  element: JsonElement,
  encoding: Encoding,
): void {
  if (element.vr === 'SQ') {
    return writeSequence(sink, tag, (element.Value ?? []) as JsonDataSet[], encoding);
  }
  const value = encodeValue(element, encoding.isBigEndian);
  writeElementHeader(sink, { tag, vr: element.vr, length: value.length }, encoding);
  sink.put(value);
}

function writeSequence(
  sink: ByteSink,
  tag: number,
  items: readonly JsonDataSet[],
  encoding: Encoding,
): void {
  writeElementHeader(sink, { tag, vr: 'SQ', length: 0 }, encoding);
  const start = sink.length;
  for (const item of items) {
    writeTag(sink, itemTag);
    sink.uint32(0);
    const itemStart = sink.length;
    writeElements(sink, item, encoding);
    sink.patchUint32(itemStart - 4, sink.length - itemStart);
  }
  sink.patchUint32(start - 4, sink.length - start);
}

/**
 * Writes tag, VR and length of an element (PS3.5 §7.1). A value too long for the 16-bit length of its VR is written as UN, as
 * PS3.5 §6.2.2 allows. `length` may be 0xFFFFFFFF for a delimited value.
 */
export function writeElementHeader(
  sink: ByteSink,
  { tag, vr, length }: { readonly tag: number; readonly vr: string; readonly length: number },
  encoding: Encoding,
): void {
  writeTag(sink, tag);
  if (!encoding.isExplicitVr) return sink.uint32(length);
  const code = vrCode(vr);
  assert(isKnownVr(code), 'a VR of PS3.5');
  if (hasLongLength(code) || length > shortLengthMax) {
    sink.text(hasLongLength(code) ? vr : 'UN');
    sink.uint16(0);
    sink.uint32(length);
  } else {
    sink.text(vr);
    sink.uint16(length);
  }
}

/** Writes a tag: the header of an item or a delimiter begins with one too. */
export function writeTag(sink: ByteSink, tag: number): void {
  sink.uint16(tag >>> 16);
  sink.uint16(tag & 0xffff);
}
