import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
  rleLosslessUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';

/** What undoes the compression of a frame; codestreams say themselves which process of their family they are. */
export type FrameDecoder = 'none' | 'inflate' | 'rle' | 'jpeg' | 'jpeg2000' | 'jpeg-xl';
export type FrameEncoder =
  'none' | 'deflate' | 'rle' | 'jpeg' | 'jpeg-lossless' | 'jpeg-ls' | 'jpeg2000' | 'htj2k';

/** What can be done with the frames of one encapsulated transfer syntax. */
export interface CodecEntry {
  readonly uid: string;
  /** Undefined when frames can only be served as stored. */
  readonly decoder: FrameDecoder | undefined;
  /** Undefined when no frame is converted to this syntax. */
  readonly encoder: FrameEncoder | undefined;
  /** What is not decoded or not converted to it, or why nothing is; empty when everything is. */
  readonly limitation: string;
}

const jpeg = (process: string): string => `1.2.840.10008.1.2.4.${process}`;

const decoded = (
  uid: string,
  decoder: FrameDecoder,
  encoder?: FrameEncoder,
  limitation = '',
): CodecEntry => ({ uid, decoder, encoder, limitation });

const stored = (uid: string, limitation: string): CodecEntry => ({
  uid,
  decoder: undefined,
  encoder: undefined,
  limitation,
});

const arithmetic = 'arithmetic coding is not decoded';
const hierarchical = 'hierarchical JPEG is not decoded';
const deepColour = 'colour of more than 8 bits is not converted to it';

const withoutLoss = 'what is converted to it has no loss';
const partTwo = 'codestreams with multi-component transforms are not decoded';

/** Processes with DCT, whose decoder makes RGB of every YCbCr. */
const dctUids: ReadonlySet<string> = new Set(['50', '51', '53', '55'].map(jpeg));

/** Every encapsulated syntax of still frames that PS3.6 Table A-1 lists; video is one stream and served as stored. */
export const codecRegistry: readonly CodecEntry[] = Object.freeze([
  decoded('1.2.840.10008.1.2.1.98', 'none', 'none'),
  decoded(jpeg('50'), 'jpeg', 'jpeg', 'made of 8-bit grey and RGB, with loss'),
  decoded(jpeg('51'), 'jpeg'),
  stored(jpeg('52'), arithmetic),
  decoded(jpeg('53'), 'jpeg'),
  stored(jpeg('54'), arithmetic),
  decoded(jpeg('55'), 'jpeg'),
  stored(jpeg('56'), arithmetic),
  decoded(jpeg('57'), 'jpeg', 'jpeg-lossless'),
  stored(jpeg('58'), arithmetic),
  ...['59', '60', '61', '62', '63', '64', '65', '66'].map((n) => stored(jpeg(n), hierarchical)),
  decoded(jpeg('70'), 'jpeg', 'jpeg-lossless'),
  decoded(jpeg('80'), 'jpeg', 'jpeg-ls'),
  decoded(jpeg('81'), 'jpeg', 'jpeg-ls', withoutLoss),
  decoded(jpeg('90'), 'jpeg2000', 'jpeg2000', deepColour),
  decoded(jpeg('91'), 'jpeg2000', 'jpeg2000', `${deepColour}; ${withoutLoss}`),
  decoded(jpeg('92'), 'jpeg2000', undefined, partTwo),
  decoded(jpeg('93'), 'jpeg2000', undefined, partTwo),
  ...['110', '111', '112'].map((n) => decoded(jpeg(n), 'jpeg-xl')),
  decoded(jpeg('201'), 'jpeg2000', 'htj2k', deepColour),
  decoded(jpeg('202'), 'jpeg2000', 'htj2k', deepColour),
  decoded(jpeg('203'), 'jpeg2000', 'htj2k', `${deepColour}; ${withoutLoss}`),
  decoded(rleLosslessUid, 'rle', 'rle'),
  decoded('1.2.840.10008.1.2.8.1', 'inflate', 'deflate'),
]);

const byUid = new Map(codecRegistry.map((entry) => [entry.uid, entry]));

export function findCodec(transferSyntaxUid: string): CodecEntry | undefined {
  return byUid.get(transferSyntaxUid);
}

/**
 * Why frames stored in `fromUid` cannot be had in `toUid`; undefined when they can. Native frames count as Explicit VR Little
 * Endian, whatever the data set is in.
 */
export function transcodingRefusal(
  image: ImagePixelDescription,
  fromUid: string,
  toUid: string,
): string | undefined {
  const isNative = findTransferSyntax(fromUid)?.isEncapsulated === false;
  const decoding = isNative ? undefined : decodingRefusal(fromUid);
  if (decoding !== undefined || toUid === explicitVrLittleEndianUid) return decoding;
  const encoder = findCodec(toUid)?.encoder;
  if (encoder === undefined) return 'nothing is converted to this transfer syntax';
  return encodingRefusal(decodedImage(image, fromUid), encoder);
}

/**
 * The image as its frames are after decoding (docs/adr/0007-decoded-frames.md): colours that the compression had transformed
 * are RGB, and chroma is at full resolution.
 */
export function decodedImage(image: ImagePixelDescription, fromUid: string): ImagePixelDescription {
  const { photometricInterpretation: stored } = image;
  const decoder = findCodec(fromUid)?.decoder;
  if (image.samplesPerPixel === 1 || !/^(YBR_|XYB)/.test(stored)) return image;
  const isTransformed = decoder === 'jpeg2000' && /^YBR_(RCT|ICT)$/.test(stored);
  const isRgb = isTransformed || decoder === 'jpeg-xl' || dctUids.has(fromUid);
  if (isRgb) return { ...image, photometricInterpretation: 'RGB' };
  const isSubsampled = decoder !== undefined && decoder !== 'none' && stored.includes('_42');
  return isSubsampled ? { ...image, photometricInterpretation: 'YBR_FULL' } : image;
}

/** The image as a data set with its frames in `toUid` describes it (PS3.5 §8.2), from that of its native frames. */
export function encodedImage(image: ImagePixelDescription, toUid: string): ImagePixelDescription {
  const encoder = findCodec(toUid)?.encoder;
  if (image.samplesPerPixel === 1 || encoder === undefined || asStoredEncoders.has(encoder)) {
    return image;
  }
  const isRgb = image.photometricInterpretation === 'RGB';
  const transformed = isRgb ? transformedColours[encoder] : undefined;
  const photometricInterpretation = transformed ?? image.photometricInterpretation;
  return { ...image, planarConfiguration: 0, photometricInterpretation };
}

/** Whether frames lose something when they are converted to this syntax. */
export function isConvertedWithLoss(toUid: string): boolean {
  return findCodec(toUid)?.encoder === 'jpeg';
}

/** IJG scale, 1 to 100, where nothing else is said: of JPEG Baseline, the only encoder with loss. */
export const lossyQuality = 90;

/** Encoders that keep planes and colours as they are. */
const asStoredEncoders: ReadonlySet<FrameEncoder> = new Set(['none', 'deflate', 'rle']);

/** What RGB becomes. */
const transformedColours: Partial<Record<FrameEncoder, string>> = {
  jpeg: 'YBR_FULL_422',
  jpeg2000: 'YBR_RCT',
  htj2k: 'YBR_RCT',
};

function decodingRefusal(uid: string): string | undefined {
  const codec = findCodec(uid);
  if (codec?.decoder === undefined) return codec?.limitation ?? 'its frames are not decoded';
  return undefined;
}

function encodingRefusal(image: ImagePixelDescription, encoder: FrameEncoder): string | undefined {
  const { bitsAllocated, bitsStored, photometricInterpretation } = image;
  if (photometricInterpretation.includes('_42')) return 'subsampled colour is not compressed';
  if (encoder === 'none' || encoder === 'deflate') return undefined;
  if (bitsAllocated === 1) return 'frames of 1 bit are not compressed';
  if (encoder === 'rle') return undefined;
  if (bitsAllocated === 32 || bitsStored < 2) return `${bitsStored} bits are not compressed so`;
  if (encoder === 'jpeg') return lossyRefusal(image);
  const isSampleBySample = encoder === 'jpeg-ls' || encoder === 'jpeg-lossless';
  if (image.samplesPerPixel === 1 || isSampleBySample) return undefined;
  // Both encoders take only one of three components of two bytes.
  if (bitsStored > 8) return deepColour;
  // The encoder transforms whatever it is given, as if it were RGB.
  return encoder === 'htj2k' && photometricInterpretation !== 'RGB'
    ? 'colour other than RGB is not converted to it'
    : undefined;
}

/** What JPEG Baseline can show: pixels that are shades or RGB, of 8 bits. */
function lossyRefusal(image: ImagePixelDescription): string | undefined {
  if (image.bitsAllocated !== 8 || image.bitsStored !== 8 || image.isSigned) {
    return 'samples other than of 8 bits, unsigned, are not converted to it';
  }
  return /^(MONOCHROME[12]|RGB)$/.test(image.photometricInterpretation)
    ? undefined
    : 'colour other than RGB is not converted to it';
}
