import { deflateRawSync } from 'node:zlib';

import { ambiguousVr, dictionaryVr, tagOfKeyword } from '#engine/dicom/dictionary/dictionary.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { hasLongLength, vrCode, vrName } from '#engine/dicom/dictionary/vr.js';

/**
 * Builds DICOM bytes from plain objects, for tests and benches:
 *
 *     buildPart10({
 *       transferSyntaxUid: '1.2.840.10008.1.2.1',
 *       elements: {
 *         ...sampleIdentifiers(),
 *         PatientName: 'Doe^Jane',
 *         Rows: 2,
 *         RequestAttributesSequence: [{ ScheduledProcedureStepID: 'S1' }],
 *         '00091001': { vr: 'UN', value: Buffer.from([1, 2]) },
 *       },
 *       pixelData: { frames: [frame1, frame2] },
 *     });
 */
export interface Part10Description extends DataSetDescription {
  /** Default: explicit VR little endian. */
  readonly transferSyntaxUid?: string;
  readonly preamble?: Uint8Array;
  /** Leave out the preamble and `DICM`, or these and the File Meta Information. */
  readonly omit?: 'preamble' | 'file-meta';
  /** Declared Group Length (0002,0000): a false one, or none. Default: the right one. */
  readonly groupLength?: number | 'none';
}

export interface DataSetDescription {
  readonly elements: Elements;
  readonly pixelData?: PixelDataDescription;
  /** Whether sequences and items are delimited or have lengths. Default: lengths. */
  readonly sequences?: 'delimited' | 'lengths';
}

/** Keys are keywords or eight hexadecimal digits; the order of the object does not matter. */
export interface Elements {
  readonly [keywordOrTag: string]: ElementValue;
}

/** The VR comes from the dictionary unless it is given. An array of objects is a sequence. */
export type ElementValue =
  | PlainValue
  | readonly Elements[]
  | { readonly vr: string; readonly value: PlainValue | readonly Elements[] };

type PlainValue = string | number | readonly (string | number)[] | Uint8Array;

/** Native bytes as they are, or the frames to encapsulate: each frame one fragment or several. */
export type PixelDataDescription =
  | Uint8Array
  | {
      readonly frames: readonly (Uint8Array | readonly Uint8Array[])[];
      /** Default: a basic table. `number[]` gives its entries, true or not. */
      readonly offsetTable?: 'basic' | 'extended' | 'none' | readonly number[];
    };

interface Encoding {
  readonly isExplicit: boolean;
  readonly isBigEndian: boolean;
  readonly isDelimited: boolean;
}

let uidCounter = 0;

/** The UIDs that every instance needs, new ones at each call unless given. */
export function sampleIdentifiers(
  uids: Partial<Record<'study' | 'series' | 'instance' | 'sopClass', string>> = {},
): Record<'SOPClassUID' | 'SOPInstanceUID' | 'StudyInstanceUID' | 'SeriesInstanceUID', string> {
  uidCounter++;
  return {
    SOPClassUID: uids.sopClass ?? '1.2.840.10008.5.1.4.1.1.2',
    SOPInstanceUID: uids.instance ?? `1.2.3.${uidCounter}.3`,
    StudyInstanceUID: uids.study ?? `1.2.3.${uidCounter}.1`,
    SeriesInstanceUID: uids.series ?? `1.2.3.${uidCounter}.2`,
  };
}

/** Image description of gray frames, for `elements`. */
export function grayImage(rows: number, columns: number, bitsAllocated: number): Elements {
  return {
    SamplesPerPixel: 1,
    PhotometricInterpretation: 'MONOCHROME2',
    Rows: rows,
    Columns: columns,
    BitsAllocated: bitsAllocated,
    BitsStored: bitsAllocated,
    HighBit: bitsAllocated - 1,
    PixelRepresentation: 0,
  };
}

export function buildPart10(description: Part10Description): Uint8Array {
  const { elements, omit } = description;
  const transferSyntaxUid = description.transferSyntaxUid ?? '1.2.840.10008.1.2.1';
  const dataSet = buildDataSet(description, transferSyntaxUid);
  if (omit === 'file-meta') return dataSet;
  const encoding = { isExplicit: true, isBigEndian: false, isDelimited: false };
  const meta = encodeElements(
    {
      '00020001': { vr: 'OB', value: Buffer.from([0, 1]) },
      '00020002': { vr: 'UI', value: textOf(elements['SOPClassUID']) },
      '00020003': { vr: 'UI', value: textOf(elements['SOPInstanceUID']) },
      '00020010': { vr: 'UI', value: transferSyntaxUid },
      '00020012': { vr: 'UI', value: '1.2.3.4' },
    },
    encoding,
  );
  const groupLength = description.groupLength ?? meta.length;
  const head =
    groupLength === 'none'
      ? Buffer.alloc(0)
      : encodeElements({ '00020000': { vr: 'UL', value: groupLength } }, encoding);
  const preamble = Buffer.alloc(128);
  preamble.set(description.preamble ?? []);
  const magic = omit === 'preamble' ? [] : [preamble, Buffer.from('DICM')];
  return concat([...magic, head, meta, dataSet]);
}

/** A data set alone, as in a C-STORE; deflated when the transfer syntax says so. */
export function buildDataSet(
  description: DataSetDescription,
  transferSyntaxUid = '1.2.840.10008.1.2.1',
): Uint8Array {
  const syntax = findTransferSyntax(transferSyntaxUid);
  const encoding = {
    isExplicit: syntax?.isExplicitVr ?? true,
    isBigEndian: syntax?.isBigEndian ?? false,
    isDelimited: description.sequences === 'delimited',
  };
  const dataSet = concat([
    encodeElements(description.elements, encoding),
    encodePixelData(description.pixelData, encoding),
  ]);
  return syntax?.isDeflated === true ? new Uint8Array(deflateRawSync(dataSet)) : dataSet;
}

function encodeElements(elements: Elements, encoding: Encoding): Buffer {
  const entries = Object.entries(elements).map(([key, value]) => ({ tag: tagOf(key), value }));
  entries.sort((a, b) => a.tag - b.tag);
  return Buffer.concat(entries.map(({ tag, value }) => encodeElement(tag, value, encoding)));
}

function encodeElement(tag: number, description: ElementValue, encoding: Encoding): Buffer {
  const { vr, value } =
    typeof description === 'object' && 'vr' in description
      ? description
      : { vr: vrOf(tag, description), value: description };
  if (isSequence(vr, value)) return encodeSequence(tag, value, encoding);
  const bytes = encodeValue(vr, value, encoding.isBigEndian);
  return Buffer.concat([encodeHeader(tag, vr, bytes.length, encoding), bytes]);
}

function isSequence(
  vr: string,
  value: PlainValue | readonly Elements[],
): value is readonly Elements[] {
  return vr === 'SQ' && Array.isArray(value);
}

function encodeSequence(tag: number, items: readonly Elements[], encoding: Encoding): Buffer {
  const { isDelimited } = encoding;
  const parts = items.map((item) => {
    const content = encodeElements(item, encoding);
    return isDelimited
      ? [itemHeader(0xe000, 0xffffffff, encoding), content, itemHeader(0xe00d, 0, encoding)]
      : [itemHeader(0xe000, content.length, encoding), content];
  });
  const content = Buffer.concat(parts.flat());
  const header = encodeHeader(tag, 'SQ', isDelimited ? 0xffffffff : content.length, encoding);
  const end = isDelimited ? itemHeader(0xe0dd, 0, encoding) : Buffer.alloc(0);
  return Buffer.concat([header, content, end]);
}

function encodePixelData(
  description: PixelDataDescription | undefined,
  encoding: Encoding,
): Buffer {
  if (description === undefined) return Buffer.alloc(0);
  if (description instanceof Uint8Array) {
    return encodeElement(0x7fe00010, { vr: 'OW', value: description }, encoding);
  }
  const frames = description.frames.map((frame) =>
    (frame instanceof Uint8Array ? [frame] : frame).map((fragment) => padded(fragment, 0)),
  );
  const offsets: number[] = [];
  let offset = 0;
  for (const frame of frames) {
    offsets.push(offset);
    for (const fragment of frame) offset += 8 + fragment.length;
  }
  const kind = description.offsetTable ?? 'basic';
  const basic = kind === 'basic' ? offsets : typeof kind === 'string' ? [] : kind;
  const table = Buffer.alloc(basic.length * 4);
  basic.forEach((entry, index) => table.writeUInt32LE(entry, index * 4));
  const extended =
    kind === 'extended' ? encodeExtendedTable(offsets, description.frames, encoding) : [];
  return Buffer.concat([
    ...extended,
    encodeHeader(0x7fe00010, 'OB', 0xffffffff, encoding),
    itemHeader(0xe000, table.length, encoding),
    table,
    ...frames.flat().flatMap((part) => [itemHeader(0xe000, part.length, encoding), part]),
    itemHeader(0xe0dd, 0, encoding),
  ]);
}

function encodeExtendedTable(
  offsets: readonly number[],
  frames: readonly (Uint8Array | readonly Uint8Array[])[],
  encoding: Encoding,
): Buffer[] {
  const lengths = frames.map((frame) => (frame instanceof Uint8Array ? frame.length : 0));
  return [offsets, lengths].map((values, index) => {
    const bytes = Buffer.alloc(values.length * 8);
    values.forEach((value, at) => bytes.writeBigUInt64LE(BigInt(value), at * 8));
    return encodeElement(0x7fe00001 + index, { vr: 'OV', value: bytes }, encoding);
  });
}

function encodeHeader(tag: number, vr: string, length: number, encoding: Encoding): Buffer {
  const { isExplicit, isBigEndian } = encoding;
  const isLong = isExplicit && hasLongLength(vrCode(vr));
  const header = Buffer.alloc(isLong ? 12 : 8);
  const write = numberWriter(header, isBigEndian);
  write(0, 2, tag >>> 16);
  write(2, 2, tag & 0xffff);
  if (!isExplicit) write(4, 4, length);
  else {
    header.write(vr, 4, 'latin1');
    if (isLong) write(8, 4, length);
    else write(6, 2, length);
  }
  return header;
}

function itemHeader(element: number, length: number, { isBigEndian }: Encoding): Buffer {
  const header = Buffer.alloc(8);
  const write = numberWriter(header, isBigEndian);
  write(0, 2, 0xfffe);
  write(2, 2, element);
  write(4, 4, length);
  return header;
}

function encodeValue(vr: string, value: PlainValue, isBigEndian: boolean): Uint8Array {
  if (value instanceof Uint8Array) return value;
  const values = Array.isArray(value) ? (value as (string | number)[]) : [value as string | number];
  if (vr === 'AT') {
    const halves = values.map(Number).flatMap((tag) => [tag >>> 16, tag & 0xffff]);
    return encodeNumbers('US', halves, isBigEndian);
  }
  if (vr in numberBytes) return encodeNumbers(vr, values.map(Number), isBigEndian);
  return padded(Buffer.from(values.join('\\'), 'utf8'), vr === 'UI' ? 0 : 0x20);
}

const numberBytes: Readonly<Record<string, 2 | 4 | 8>> = {
  US: 2,
  SS: 2,
  UL: 4,
  SL: 4,
  FL: 4,
  FD: 8,
  UV: 8,
  SV: 8,
};

function encodeNumbers(vr: string, values: readonly number[], isBigEndian: boolean): Buffer {
  const size = numberBytes[vr] ?? 2;
  const bytes = Buffer.alloc(values.length * size);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const write = numberWriter(bytes, isBigEndian);
  values.forEach((value, index) => {
    const at = index * size;
    if (vr === 'FL') view.setFloat32(at, value, !isBigEndian);
    else if (vr === 'FD') view.setFloat64(at, value, !isBigEndian);
    else if (size === 8) view.setBigInt64(at, BigInt(value), !isBigEndian);
    else write(at, size, value >>> 0);
  });
  return bytes;
}

/** Writes an unsigned integer of 16 or 32 bits. */
type NumberWriter = (at: number, size: 2 | 4, value: number) => void;

function numberWriter(bytes: Buffer, isBigEndian: boolean): NumberWriter {
  return (at, size, value) => {
    const word = size === 2 ? value & 0xffff : value;
    if (isBigEndian) bytes.writeUIntBE(word, at, size);
    else bytes.writeUIntLE(word, at, size);
  };
}

function padded(bytes: Uint8Array, padding: number): Uint8Array {
  return bytes.length % 2 === 0 ? bytes : Buffer.concat([bytes, Buffer.from([padding])]);
}

function tagOf(key: string): number {
  const tag = /^[0-9A-Fa-f]{8}$/.test(key) ? Number.parseInt(key, 16) : tagOfKeyword(key);
  if (tag === undefined) throw new Error(`unknown keyword ${key}`);
  return tag;
}

function vrOf(tag: number, value: unknown): string {
  if (Array.isArray(value) && value.length > 0 && typeof value[0] === 'object') return 'SQ';
  const vr = dictionaryVr(tag);
  if (vr === ambiguousVr.ox) return 'OW';
  if (vr === ambiguousVr.xs || vr === ambiguousVr.lt) return 'US';
  return vrName(vr);
}

function textOf(value: ElementValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
