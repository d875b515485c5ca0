import { assert } from '#engine/base/assert.js';
import { vrCode, wordBytes } from '#engine/dicom/dictionary/vr.js';
import { swapWords } from '#engine/dicom/encoding/swap-words.js';
import type {
  JsonElement,
  JsonPersonName,
  JsonValue,
} from '#engine/dicom/json-model/json-model-types.js';

/** VRs of binary numbers: bytes of one, and how it is written. */
const numberWriters: Readonly<
  Record<string, readonly [bytes: number, write: (view: DataView, value: JsonValue) => void]>
> = {
  US: [2, (view, value) => view.setUint16(0, Number(value), true)],
  SS: [2, (view, value) => view.setInt16(0, Number(value), true)],
  UL: [4, (view, value) => view.setUint32(0, Number(value), true)],
  SL: [4, (view, value) => view.setInt32(0, Number(value), true)],
  FL: [4, (view, value) => view.setFloat32(0, toFloat(value), true)],
  FD: [8, (view, value) => view.setFloat64(0, toFloat(value), true)],
  SV: [8, (view, value) => view.setBigInt64(0, BigInt(scalarOf(value)), true)],
  UV: [8, (view, value) => view.setBigUint64(0, BigInt(scalarOf(value)), true)],
};

/** The value of a VR that has neither objects nor missing values among others. */
function scalarOf(value: JsonValue): string | number {
  assert(typeof value !== 'object', 'a text or a number');
  return value;
}

/** `inf`, `-inf` and `NaN` as the JSON model writes them, PS3.18 §F.2.2. */
function toFloat(value: JsonValue): number {
  if (value === 'inf') return Infinity;
  return value === '-inf' ? -Infinity : Number(value);
}

/**
 * The value field of an element that is no sequence, of even length (PS3.5 §7.1.1): the reverse of `formatJsonValue`, with text
 * in UTF-8. The element must not be one of a BulkDataURI.
 */
export function encodeValue(element: JsonElement, isBigEndian: boolean): Uint8Array {
  assert(element.BulkDataURI === undefined, 'a value that is elsewhere cannot be encoded');
  const { vr, Value: values = [] } = element;
  if (element.InlineBinary !== undefined) {
    return encodeBinary(vr, Buffer.from(element.InlineBinary, 'base64'), isBigEndian);
  }
  if (vr === 'AT') return encodeTags(values, isBigEndian);
  const writer = numberWriters[vr];
  if (writer !== undefined) {
    const [bytes, write] = writer;
    const field = Buffer.alloc(bytes * values.length);
    values.forEach((value, index) => {
      write(new DataView(field.buffer, field.byteOffset + index * bytes, bytes), value);
    });
    return isBigEndian ? swapped(field, bytes) : field;
  }
  const text = values.map(textOf).join('\\');
  const field = Buffer.from(text, 'utf8');
  if (field.length % 2 === 0) return field;
  return Buffer.concat([field, Buffer.from(vr === 'UI' ? '\0' : ' ')]);
}

function textOf(value: JsonValue): string {
  if (value === null) return '';
  return typeof value === 'object' ? personNameText(value) : String(value);
}

/** A person name in the form of PS3.5 §6.2: component groups between `=`, empty ones at the end left out. */
export function personNameText(name: JsonPersonName): string {
  const { Alphabetic = '', Ideographic = '', Phonetic = '' } = name;
  return `${Alphabetic}=${Ideographic}=${Phonetic}`.replace(/=+$/, '');
}

function encodeTags(values: readonly JsonValue[], isBigEndian: boolean): Uint8Array {
  const field = Buffer.alloc(4 * values.length);
  values.forEach((value, index) => {
    const tag = Number.parseInt(String(scalarOf(value)), 16);
    field.writeUInt16LE(tag >>> 16, index * 4);
    field.writeUInt16LE(tag & 0xffff, index * 4 + 2);
  });
  return isBigEndian ? swapped(field, 2) : field;
}

/** The JSON model holds words in little endian, PS3.18 §F.2.7. */
function encodeBinary(vr: string, bytes: Buffer, isBigEndian: boolean): Uint8Array {
  const even = bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.alloc(1)]);
  return isBigEndian ? swapped(even, wordBytes(vrCode(vr))) : even;
}

function swapped(field: Buffer, wordBytes: number): Buffer {
  swapWords(field, wordBytes);
  return field;
}
