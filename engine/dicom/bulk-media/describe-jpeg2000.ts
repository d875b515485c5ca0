import {
  compressionRatio,
  lossyAttributes,
  pixelAttributes,
  type MediaDescription,
  type PixelValues,
} from './media-description.js';
import { malformedMedia, readMedia, type MediaSource } from './media-source.js';
import { boxesOf, findBox } from './iso-boxes.js';

const marker = {
  startOfCodestream: 0xff4f,
  capabilities: 0xff50,
  size: 0xff51,
  codingStyle: 0xff52,
  startOfTilePart: 0xff90,
} as const;

const segmentCountMax = 4_096;
/** Bytes of SIZ in front of what each component says (ISO 15444-1 §A.5.1). */
const sizeBytes = 36;
/** Enumerated colour space sYCC of a JP2 file (ISO 15444-1 §I.5.3.3). */
const sycc = 18;

interface Header {
  size: Buffer | undefined;
  style: Buffer | undefined;
  isHighThroughput: boolean;
}

/**
 * Describes a JPEG 2000 or HTJ2K codestream by its main header (ISO 15444-1 §A.5), and finds it in the JP2 file around it: pixel
 * data has the codestream alone (PS3.5 §8.2.4). Throws `malformed`.
 */
export async function describeJpeg2000(source: MediaSource): Promise<MediaDescription> {
  const { position, length, isSycc } = await findCodestream(source);
  const { size, style, isHighThroughput } = await readMainHeader(source, position, length);
  if (size === undefined || size.length < sizeBytes + 3 || style === undefined) {
    throw malformedMedia('has no JPEG 2000 main header of use');
  }
  const samplesPerPixel = size.readUInt16BE(34);
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3) {
    throw malformedMedia(`has ${samplesPerPixel} components`);
  }
  const isReversible = style[9] === 1;
  const depth = size[sizeBytes]!;
  const values: PixelValues = {
    rows: size.readUInt32BE(6) - size.readUInt32BE(14),
    columns: size.readUInt32BE(2) - size.readUInt32BE(10),
    samplesPerPixel,
    photometricInterpretation: photometricOf(samplesPerPixel, style[4] === 1, isReversible, isSycc),
    bitsStored: (depth & 0x7f) + 1,
    isSigned: (depth & 0x80) !== 0,
  };
  const isSound = [values.rows, values.columns].every((n) => n > 0 && n <= 0xffff);
  if (!isSound || values.bitsStored > 16) throw malformedMedia('has a JPEG 2000 size of no use');
  const suffix = isHighThroughput ? (isReversible ? '201' : '203') : isReversible ? '90' : '91';
  const method = isHighThroughput ? 'ISO_15444_15' : 'ISO_15444_1';
  return {
    transferSyntaxUid: `1.2.840.10008.1.2.4.${suffix}`,
    pixel: pixelAttributes(values),
    defaults: isReversible ? {} : lossyAttributes(method, compressionRatio(values, length)),
    position,
    length,
  };
}

function photometricOf(
  samplesPerPixel: number,
  hasTransform: boolean,
  isReversible: boolean,
  isSycc: boolean,
): string {
  if (samplesPerPixel === 1) return 'MONOCHROME2';
  if (hasTransform) return isReversible ? 'YBR_RCT' : 'YBR_ICT';
  return isSycc ? 'YBR_FULL' : 'RGB';
}

async function findCodestream(
  source: MediaSource,
): Promise<{ readonly position: number; readonly length: number; readonly isSycc: boolean }> {
  const start = await readMedia(source, 0, 8);
  if (start.readUInt16BE(0) === marker.startOfCodestream) {
    return { position: 0, length: source.length, isSycc: false };
  }
  if (start.toString('latin1', 4, 8) !== 'jP  ') throw malformedMedia('is no JPEG 2000 image');
  const boxes = await boxesOf(source, 0, source.length);
  const stream = boxes.find(({ type }) => type === 'jp2c');
  if (stream === undefined) throw malformedMedia('is a JP2 file without codestream');
  const colour = await findBox(source, boxes, ['jp2h', 'colr']);
  let isSycc = false;
  if (colour !== undefined && colour.length >= 7) {
    const bytes = await readMedia(source, colour.position, 7);
    isSycc = bytes[0] === 1 && bytes.readUInt32BE(3) === sycc;
  }
  return { position: stream.position, length: stream.length, isSycc };
}

async function readMainHeader(source: MediaSource, start: number, length: number): Promise<Header> {
  const header: Header = { size: undefined, style: undefined, isHighThroughput: false };
  let at = start + 2;
  for (let count = 0; count < segmentCountMax && at < start + length; count++) {
    const head = await readMedia(source, at, 4);
    const code = head.readUInt16BE(0);
    if (code === marker.startOfTilePart) return header;
    const bytes = head.readUInt16BE(2);
    if (code < 0xff00 || bytes < 2)
      throw malformedMedia('has no JPEG 2000 marker where one should be');
    if (code === marker.capabilities) header.isHighThroughput = true;
    else if (code === marker.size) header.size = await readMedia(source, at + 4, bytes - 2);
    else if (code === marker.codingStyle) header.style = await readMedia(source, at + 4, bytes - 2);
    at += 2 + bytes;
  }
  throw malformedMedia('has no JPEG 2000 tile');
}
