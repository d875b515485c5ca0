/** A transfer syntax of PS3.6 Table A-1. The encoding of the data set is PS3.5 Annex A, the media types are PS3.18 §8.7.3. */
export interface TransferSyntax {
  readonly uid: string;
  readonly name: string;
  readonly isExplicitVr: boolean;
  readonly isBigEndian: boolean;
  /** The whole data set is deflated, PS3.5 §A.5. */
  readonly isDeflated: boolean;
  /** Pixel data lies in fragments, PS3.5 §A.4. */
  readonly isEncapsulated: boolean;
  /** Pixel data may have lost information. */
  readonly isLossy: boolean;
  /** Media type of one frame (of the whole stream for video) as stored. */
  readonly frameMediaType: string;
  /** Pixel data is one stream over all frames. */
  readonly isVideo: boolean;
}

const octetStream = 'application/octet-stream';

const native = (uid: string, name: string, options: Partial<TransferSyntax> = {}): TransferSyntax =>
  Object.freeze({
    uid,
    name,
    isExplicitVr: true,
    isBigEndian: false,
    isDeflated: false,
    isEncapsulated: false,
    isLossy: false,
    frameMediaType: octetStream,
    isVideo: false,
    ...options,
  });

const encapsulated = (
  uid: string,
  name: string,
  frameMediaType: string,
  fidelity: 'lossless' | 'lossy',
): TransferSyntax =>
  native(uid, name, {
    isEncapsulated: true,
    isLossy: fidelity === 'lossy',
    frameMediaType,
    isVideo: frameMediaType.startsWith('video/'),
  });

const jpeg = (process: string, name: string, fidelity: 'lossless' | 'lossy'): TransferSyntax =>
  encapsulated(`1.2.840.10008.1.2.4.${process}`, name, 'image/jpeg', fidelity);

/** A video syntax and, where PS3.6 has one, its fragmentable form. */
const video = (suffix: string, name: string, mediaType: string): readonly TransferSyntax[] => [
  encapsulated(`1.2.840.10008.1.2.4.${suffix}`, name, mediaType, 'lossy'),
  encapsulated(`1.2.840.10008.1.2.4.${suffix}.1`, `Fragmentable ${name}`, mediaType, 'lossy'),
];

export const transferSyntaxes: readonly TransferSyntax[] = Object.freeze([
  native('1.2.840.10008.1.2', 'Implicit VR Little Endian', { isExplicitVr: false }),
  native('1.2.840.10008.1.2.1', 'Explicit VR Little Endian'),
  native('1.2.840.10008.1.2.1.98', 'Encapsulated Uncompressed Explicit VR Little Endian', {
    isEncapsulated: true,
  }),
  native('1.2.840.10008.1.2.1.99', 'Deflated Explicit VR Little Endian', { isDeflated: true }),
  native('1.2.840.10008.1.2.2', 'Explicit VR Big Endian', { isBigEndian: true }),
  jpeg('50', 'JPEG Baseline (Process 1)', 'lossy'),
  jpeg('51', 'JPEG Extended (Process 2 and 4)', 'lossy'),
  jpeg('52', 'JPEG Extended (Process 3 and 5)', 'lossy'),
  jpeg('53', 'JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8)', 'lossy'),
  jpeg('54', 'JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9)', 'lossy'),
  jpeg('55', 'JPEG Full Progression, Non-Hierarchical (Process 10 and 12)', 'lossy'),
  jpeg('56', 'JPEG Full Progression, Non-Hierarchical (Process 11 and 13)', 'lossy'),
  jpeg('57', 'JPEG Lossless, Non-Hierarchical (Process 14)', 'lossless'),
  jpeg('58', 'JPEG Lossless, Non-Hierarchical (Process 15)', 'lossless'),
  jpeg('59', 'JPEG Extended, Hierarchical (Process 16 and 18)', 'lossy'),
  jpeg('60', 'JPEG Extended, Hierarchical (Process 17 and 19)', 'lossy'),
  jpeg('61', 'JPEG Spectral Selection, Hierarchical (Process 20 and 22)', 'lossy'),
  jpeg('62', 'JPEG Spectral Selection, Hierarchical (Process 21 and 23)', 'lossy'),
  jpeg('63', 'JPEG Full Progression, Hierarchical (Process 24 and 26)', 'lossy'),
  jpeg('64', 'JPEG Full Progression, Hierarchical (Process 25 and 27)', 'lossy'),
  jpeg('65', 'JPEG Lossless, Hierarchical (Process 28)', 'lossless'),
  jpeg('66', 'JPEG Lossless, Hierarchical (Process 29)', 'lossless'),
  jpeg('70', 'JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14)', 'lossless'),
  encapsulated('1.2.840.10008.1.2.4.80', 'JPEG-LS Lossless', 'image/jls', 'lossless'),
  encapsulated('1.2.840.10008.1.2.4.81', 'JPEG-LS Near-Lossless', 'image/jls', 'lossy'),
  encapsulated('1.2.840.10008.1.2.4.90', 'JPEG 2000 (Lossless Only)', 'image/jp2', 'lossless'),
  encapsulated('1.2.840.10008.1.2.4.91', 'JPEG 2000', 'image/jp2', 'lossy'),
  encapsulated(
    '1.2.840.10008.1.2.4.92',
    'JPEG 2000 Part 2 Multi-component (Lossless Only)',
    'image/jpx',
    'lossless',
  ),
  encapsulated('1.2.840.10008.1.2.4.93', 'JPEG 2000 Part 2 Multi-component', 'image/jpx', 'lossy'),
  native('1.2.840.10008.1.2.4.94', 'JPIP Referenced'),
  native('1.2.840.10008.1.2.4.95', 'JPIP Referenced Deflate', { isDeflated: true }),
  ...video('100', 'MPEG2 Main Profile / Main Level', 'video/mpeg'),
  ...video('101', 'MPEG2 Main Profile / High Level', 'video/mpeg'),
  ...video('102', 'MPEG-4 AVC/H.264 High Profile / Level 4.1', 'video/mp4'),
  ...video('103', 'MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1', 'video/mp4'),
  ...video('104', 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video', 'video/mp4'),
  ...video('105', 'MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video', 'video/mp4'),
  ...video('106', 'MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2', 'video/mp4'),
  encapsulated(
    '1.2.840.10008.1.2.4.107',
    'HEVC/H.265 Main Profile / Level 5.1',
    'video/H265',
    'lossy',
  ),
  encapsulated(
    '1.2.840.10008.1.2.4.108',
    'HEVC/H.265 Main 10 Profile / Level 5.1',
    'video/H265',
    'lossy',
  ),
  encapsulated('1.2.840.10008.1.2.4.110', 'JPEG XL Lossless', 'image/jxl', 'lossless'),
  encapsulated('1.2.840.10008.1.2.4.111', 'JPEG XL JPEG Recompression', 'image/jxl', 'lossy'),
  encapsulated('1.2.840.10008.1.2.4.112', 'JPEG XL', 'image/jxl', 'lossy'),
  encapsulated(
    '1.2.840.10008.1.2.4.201',
    'High-Throughput JPEG 2000 (Lossless Only)',
    'image/jphc',
    'lossless',
  ),
  encapsulated(
    '1.2.840.10008.1.2.4.202',
    'High-Throughput JPEG 2000 with RPCL Options (Lossless Only)',
    'image/jphc',
    'lossless',
  ),
  encapsulated('1.2.840.10008.1.2.4.203', 'High-Throughput JPEG 2000', 'image/jphc', 'lossy'),
  native('1.2.840.10008.1.2.4.204', 'JPIP HTJ2K Referenced'),
  native('1.2.840.10008.1.2.4.205', 'JPIP HTJ2K Referenced Deflate', { isDeflated: true }),
  encapsulated('1.2.840.10008.1.2.5', 'RLE Lossless', 'image/dicom-rle', 'lossless'),
  encapsulated(
    '1.2.840.10008.1.2.8.1',
    'Deflated Image Frame Compression',
    octetStream,
    'lossless',
  ),
]);

const byUid = new Map(transferSyntaxes.map((syntax) => [syntax.uid, syntax]));

/** The syntax of that UID; undefined for a private or unknown one. */
export function findTransferSyntax(uid: string): TransferSyntax | undefined {
  return byUid.get(uid);
}

export const implicitVrLittleEndianUid = '1.2.840.10008.1.2';
export const explicitVrLittleEndianUid = '1.2.840.10008.1.2.1';
export const deflatedExplicitVrLittleEndianUid = '1.2.840.10008.1.2.1.99';
export const explicitVrBigEndianUid = '1.2.840.10008.1.2.2';
export const rleLosslessUid = '1.2.840.10008.1.2.5';
/** High-Throughput JPEG 2000 with RPCL Options, lossless. */
export const htj2kRpclUid = '1.2.840.10008.1.2.4.202';

const nativeUids: ReadonlySet<string> = new Set([
  implicitVrLittleEndianUid,
  explicitVrLittleEndianUid,
  deflatedExplicitVrLittleEndianUid,
  explicitVrBigEndianUid,
]);

/** Whether pixel data lies in the data set and is not compressed: the syntaxes of PS3.5 §A.1 to §A.3 and §A.5. */
export function isNativeTransferSyntax(uid: string): boolean {
  return nativeUids.has(uid);
}
