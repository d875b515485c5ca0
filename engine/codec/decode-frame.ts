import { inflateRawSync } from 'node:zlib';
import {
  nativeFrameBytes,
  samplesPerFrame,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import {
  freshMemory,
  type DecodedSamples,
  type TakeMemory,
} from '#native-bindings/wasm/wasm-codec.js';
import { findCodec } from './codec-registry.js';
import type { CodecSet } from './codec-set.js';
import { corruptFrame, undecodableFrame } from './codestream-error.js';
import { isYCbCr, toRgb, withColourMarker } from './jpeg-colour.js';
import { decodeJpegDct } from './jpeg-dct.js';
import { jpegMarker, readJpegHeader, type JpegHeader } from './jpeg-header.js';
import { decodeJpegLossless } from './jpeg-lossless.js';
import { readJpeg2000Header, unwrapJpeg2000 } from './jpeg2000-header.js';
import { readJpegXlSize } from './jpeg-xl-header.js';
import { decodeRle } from './rle.js';
import { toNativeFrame, type CodecSamples } from './sample-layout.js';

/** What may stand behind a codestream: a fragment has an even length, and some are padded to more. */
const paddingBytesMax = 16;

/** A frame as it is stored. */
export interface EncodedFrame {
  /** One codestream without item headers; a byte of padding may follow it. */
  readonly codestream: Uint8Array;
  readonly transferSyntaxUid: string;
  readonly image: ImagePixelDescription;
}

/**
 * Decodes a frame to native pixels, little endian, as docs/adr/0007-decoded-frames.md defines them: samples as the data set
 * describes them, colours that the compression had transformed as RGB. The header of the codestream is held against the data
 * set before anything is decoded, and the result after. `takeMemory` brings memory for the result, where codecs can use it.
 *
 * Throws `corrupt` for what is not what it says, `not-acceptable` for what nothing here decodes.
 */
export async function decodeFrame(
  frame: EncodedFrame,
  codecs: CodecSet,
  takeMemory: TakeMemory = freshMemory,
): Promise<Uint8Array> {
  const { codestream, image } = frame;
  const means: DecodingMeans = { image, codecs, takeMemory };
  switch (findCodec(frame.transferSyntaxUid)?.decoder) {
    case 'none':
      return exactFrame(codestream, image);
    case 'inflate':
      return inflateFrame(codestream, image);
    case 'rle':
      return decodeRle(codestream, image, takeMemory);
    case 'jpeg':
      return toNativeFrame(await decodeJpeg(codestream, means), image);
    case 'jpeg2000':
      return toNativeFrame(await decodeJpeg2000(codestream, means), image);
    case 'jpeg-xl':
      return toNativeFrame(await decodeJpegXl(codestream, means), image);
    case undefined:
      throw undecodableFrame(`transfer syntax ${frame.transferSyntaxUid}`);
  }
}

/** What the result must be, and what it is made with. */
interface DecodingMeans {
  readonly image: ImagePixelDescription;
  readonly codecs: CodecSet;
  readonly takeMemory: TakeMemory;
}

/** A fragment is padded to an even length (PS3.5 §A.4). */
function exactFrame(bytes: Uint8Array, image: ImagePixelDescription): Uint8Array {
  const length = nativeFrameBytes(image);
  if (bytes.length < length || bytes.length > length + 1) {
    throw corruptFrame(`${bytes.length} bytes where the data set needs ${length}`);
  }
  return bytes.length === length ? bytes : bytes.slice(0, length);
}

/** PS3.5 §A.4.13: one deflated stream a frame, whose content is padded like a native frame. */
function inflateFrame(codestream: Uint8Array, image: ImagePixelDescription): Uint8Array {
  let inflated: Uint8Array;
  try {
    inflated = inflateRawSync(codestream, { maxOutputLength: nativeFrameBytes(image) + 1 });
  } catch (cause) {
    throw corruptFrame('the deflated data', cause);
  }
  return exactFrame(new Uint8Array(inflated), image);
}

async function decodeJpeg(codestream: Uint8Array, means: DecodingMeans): Promise<CodecSamples> {
  const { image, codecs, takeMemory } = means;
  const header = readJpegHeader(codestream);
  checkHeader({ ...header, componentCount: header.components.length }, image);
  switch (header.process) {
    case jpegMarker.baseline:
    case jpegMarker.extendedSequential:
    case jpegMarker.progressive:
      return decodeDct(codestream, header, means);
    case jpegMarker.lossless:
      return ofWords(decodeJpegLossless(codestream, header), header.precision);
    case jpegMarker.jpegLs: {
      checkJpegEnd(codestream);
      const decoded = await guarded(() => codecs.charls.decode(codestream, takeMemory));
      return checkSamples(decoded, image, decoded.isPlanar);
    }
    default:
      throw undecodableFrame('its JPEG process is arithmetic or hierarchical');
  }
}

/** Without its end marker CharLS reads on through its heap, for seconds. A byte or more of padding may follow it. */
function checkJpegEnd(codestream: Uint8Array): void {
  const tail = Buffer.from(codestream.slice(-paddingBytesMax - 2));
  if (!tail.includes(Buffer.from([0xff, jpegMarker.endOfImage]))) {
    throw corruptFrame('the JPEG codestream does not end');
  }
}

function ofWords(words: Uint16Array, bitsPerSample: number): CodecSamples {
  const samples = bitsPerSample > 8 ? new Uint8Array(words.buffer) : Uint8Array.from(words);
  return { samples, bitsPerSample, isSigned: false, isPlanar: false };
}

async function decodeDct(
  codestream: Uint8Array,
  header: JpegHeader,
  { image, codecs, takeMemory }: DecodingMeans,
): Promise<CodecSamples> {
  const isColour = header.components.length > 1;
  const isYcc = isColour && isYCbCr(codestream, header, image.photometricInterpretation);
  if (header.precision !== 8) {
    if (header.precision !== 12) throw corruptFrame(`JPEG of ${header.precision} bits a sample`);
    const words = decodeJpegDct(codestream, header);
    if (isYcc) toRgb(words, header.precision);
    return ofWords(words, header.precision);
  }
  const marked = isColour ? withColourMarker(codestream, header, isYcc) : codestream;
  return checkSamples(await guarded(() => codecs.libjpegTurbo.decode(marked, takeMemory)), image);
}

async function decodeJpeg2000(
  bytes: Uint8Array,
  { image, codecs, takeMemory }: DecodingMeans,
): Promise<CodecSamples> {
  const codestream = unwrapJpeg2000(bytes);
  const header = readJpeg2000Header(codestream);
  checkHeader(header, image);
  const codec = header.isHighThroughput ? codecs.openjph : codecs.openjpeg;
  return checkSamples(await guarded(() => codec.decode(codestream, takeMemory)), image);
}

/** The header is read no further than a decoder would allocate by; the rest is held against the data set after. */
async function decodeJpegXl(
  codestream: Uint8Array,
  { image, codecs, takeMemory }: DecodingMeans,
): Promise<CodecSamples> {
  const { samplesPerPixel: componentCount, bitsStored: precision } = image;
  checkHeader({ ...readJpegXlSize(codestream), componentCount, precision }, image);
  return checkSamples(await guarded(() => codecs.libjxl.decode(codestream, takeMemory)), image);
}

interface CodestreamHeader {
  readonly rows: number;
  readonly columns: number;
  readonly componentCount: number;
  readonly precision: number;
}

function checkHeader(header: CodestreamHeader, image: ImagePixelDescription): void {
  const { rows, columns, componentCount, precision } = header;
  const isAsDescribed =
    rows === image.rows && columns === image.columns && componentCount === image.samplesPerPixel;
  if (!isAsDescribed) {
    throw corruptFrame(
      `${columns} x ${rows} x ${componentCount} where the data set says ` +
        `${image.columns} x ${image.rows} x ${image.samplesPerPixel}`,
    );
  }
  const bitsMax = image.bitsAllocated === 1 ? 8 : Math.min(image.bitsAllocated, 16);
  if (precision < 1 || precision > bitsMax) {
    throw corruptFrame(`${precision} bits where the data set allocates ${image.bitsAllocated}`);
  }
}

/** What came out must be what the header announced, to the byte. */
function checkSamples(
  decoded: DecodedSamples,
  image: ImagePixelDescription,
  isPlanar = false,
): CodecSamples {
  const { samples, bitsPerSample, isSigned, width, height, componentCount } = decoded;
  checkHeader({ rows: height, columns: width, componentCount, precision: bitsPerSample }, image);
  const expected = samplesPerFrame(image) * (bitsPerSample > 8 ? 2 : 1);
  if (samples.length !== expected) {
    throw corruptFrame(`${samples.length} decoded bytes where there must be ${expected}`);
  }
  return { samples, bitsPerSample, isSigned, isPlanar };
}

/** What a codec has to complain of is the codestream's fault. */
async function guarded<T>(decode: () => Promise<T>): Promise<T> {
  try {
    return await decode();
  } catch (cause) {
    throw corruptFrame('the codec refused it', cause);
  }
}
