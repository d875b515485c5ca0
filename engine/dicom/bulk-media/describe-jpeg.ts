import {
  compressionRatio,
  lossyAttributes,
  pixelAttributes,
  type MediaDescription,
  type PixelValues,
} from './media-description.js';
import { malformedMedia, readMedia, type MediaSource } from './media-source.js';

const marker = {
  startOfImage: 0xffd8,
  baseline: 0xffc0,
  extended: 0xffc1,
  progressive: 0xffc2,
  lossless: 0xffc3,
  jpegLs: 0xfff7,
  startOfScan: 0xffda,
  jfif: 0xffe0,
  adobe: 0xffee,
} as const;

/** Segments before the first scan; metadata of cameras takes some tens. */
const segmentCountMax = 4_096;

interface Header {
  process: number;
  precision: number;
  rows: number;
  columns: number;
  components: Buffer;
  isJfif: boolean;
  /** Colour transform of the Adobe segment. */
  adobeTransform: number | undefined;
  /** First parameter of the scan: predictor of lossless JPEG, NEAR of JPEG-LS. */
  scanParameter: number;
}

/**
 * Describes a JPEG or JPEG-LS codestream by its headers (ISO 10918-1 §B.2, ISO 14495-1 §C.2). Throws `malformed` for what is
 * none, or what no transfer syntax has.
 */
export async function describeJpeg(source: MediaSource): Promise<MediaDescription> {
  const header = await readHeader(source);
  const samplesPerPixel = header.components.length / 3;
  if (samplesPerPixel !== 1 && samplesPerPixel !== 3) {
    throw malformedMedia(`has ${samplesPerPixel} components`);
  }
  const values: PixelValues = {
    rows: header.rows,
    columns: header.columns,
    samplesPerPixel,
    photometricInterpretation: photometricOf(header),
    bitsStored: header.precision,
    isSigned: false,
  };
  const transferSyntaxUid = `1.2.840.10008.1.2.4.${transferSyntaxSuffix(header)}`;
  const isJpegLs = header.process === marker.jpegLs;
  const isLossless = isJpegLs ? header.scanParameter === 0 : header.process === marker.lossless;
  const method = isJpegLs ? 'ISO_14495_1' : 'ISO_10918_1';
  const ratio = compressionRatio(values, source.length);
  return {
    transferSyntaxUid,
    pixel: pixelAttributes(values),
    defaults: isLossless ? {} : lossyAttributes(method, ratio),
    position: 0,
    length: source.length,
  };
}

async function readHeader(source: MediaSource): Promise<Header> {
  const start = await readMedia(source, 0, 2);
  if (start.readUInt16BE(0) !== marker.startOfImage) throw malformedMedia('is no JPEG image');
  const header: Partial<Header> = { isJfif: false };
  let position = 2;
  for (let count = 0; count < segmentCountMax; count++) {
    const head = await readMedia(source, position, 4);
    if (head[0] !== 0xff) throw malformedMedia('has no JPEG marker where one should be');
    if (head[1] === 0xff) {
      position += 1;
      continue;
    }
    const code = head.readUInt16BE(0);
    const length = head.readUInt16BE(2);
    if (length < 2) throw malformedMedia('has a JPEG segment without length');
    if (isOfInterest(code)) {
      noteSegment(header, code, await readMedia(source, position + 4, length - 2));
    }
    if (code === marker.startOfScan) return complete(header);
    position += 2 + length;
  }
  throw malformedMedia('has no JPEG scan');
}

function isOfInterest(code: number): boolean {
  return isFrame(code) || Object.values<number>(marker).includes(code);
}

/** SOF markers of ISO 10918-1 Table B.1, and that of JPEG-LS. */
function isFrame(code: number): boolean {
  const isOther = code === 0xffc4 || code === 0xffc8 || code === 0xffcc;
  return (code >= 0xffc0 && code <= 0xffcf && !isOther) || code === marker.jpegLs;
}

function noteSegment(header: Partial<Header>, code: number, bytes: Buffer): void {
  if (isFrame(code)) {
    if (bytes.length < 6 || bytes.length < 6 + 3 * bytes[5]!) {
      throw malformedMedia('has a JPEG frame header that is cut off');
    }
    header.process = code;
    header.precision = bytes[0]!;
    header.rows = bytes.readUInt16BE(1);
    header.columns = bytes.readUInt16BE(3);
    header.components = bytes.subarray(6, 6 + 3 * bytes[5]!);
  } else if (code === marker.jfif) header.isJfif = bytes.toString('latin1', 0, 4) === 'JFIF';
  else if (code === marker.adobe && bytes.toString('latin1', 0, 5) === 'Adobe') {
    header.adobeTransform = bytes[11];
  } else if (code === marker.startOfScan) {
    header.scanParameter = bytes[1 + 2 * (bytes[0] ?? 0)] ?? 0;
  }
}

function complete(header: Partial<Header>): Header {
  const { process, rows = 0, columns = 0, precision = 0 } = header;
  if (process === undefined || rows === 0 || columns === 0 || precision === 0 || precision > 16) {
    throw malformedMedia('has no JPEG frame header of use');
  }
  return header as Header;
}

function transferSyntaxSuffix({ process, precision, scanParameter }: Header): string {
  switch (process) {
    case marker.baseline:
      return '50';
    case marker.extended:
      return '51';
    case marker.progressive:
      return '55';
    case marker.lossless:
      return scanParameter === 1 ? '70' : '57';
    case marker.jpegLs:
      return scanParameter === 0 ? '80' : '81';
    default:
      throw malformedMedia(`is JPEG of a process that is not taken, of ${precision} bits`);
  }
}

/** Colour of three components, after what writers tell (ITU-T T.871, Adobe's segment, component identifiers). */
function photometricOf(header: Header): string {
  const { components, adobeTransform, process, isJfif } = header;
  if (components.length === 3) return 'MONOCHROME2';
  const identifiers = `${components[0]},${components[3]},${components[6]}`;
  const isRgb = adobeTransform === 0 || (identifiers === '82,71,66' && !isJfif);
  const isLossless = process === marker.lossless || process === marker.jpegLs;
  if (isRgb || (isLossless && !isJfif && adobeTransform === undefined)) return 'RGB';
  return components[1]! >> 4 === 2 ? 'YBR_FULL_422' : 'YBR_FULL';
}
