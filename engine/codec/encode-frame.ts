import { GantryError } from '#engine/base/error-catalogue.js';
import {
  nativeFrameBytes,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import { encodedImage, findCodec, type FrameEncoder } from './codec-registry.js';
import type { CodecSet } from './codec-set.js';
import { corruptFrame } from './codestream-error.js';
import { decodeFrame } from './decode-frame.js';
import { encodeRle } from './rle.js';
import { fromNativeFrame } from './sample-layout.js';

/**
 * Encodes a native frame, little endian, without loss, and decodes it again: only what comes back the same, bit by bit, is
 * returned. Throws `corrupt` when the frame is shorter than described, `not-acceptable` when it does not survive the round trip:
 * bits beyond Bits Stored, as old overlays are, have no place in a codestream.
 */
export async function encodeFrame(
  frame: Uint8Array,
  { image, toUid }: { readonly image: ImagePixelDescription; readonly toUid: string },
  codecs: CodecSet,
): Promise<Uint8Array> {
  if (frame.length !== nativeFrameBytes(image)) {
    throw corruptFrame(`${frame.length} bytes where there must be ${nativeFrameBytes(image)}`);
  }
  const encoder = findCodec(toUid)?.encoder;
  if (encoder === undefined) {
    throw new GantryError('not-acceptable', `frames are not converted to ${toUid}`);
  }
  const codestream = await encode(encoder, frame, { image, toUid, codecs });
  const decoded = await decodeFrame({ codestream, transferSyntaxUid: toUid, image }, codecs);
  if (Buffer.compare(decoded, frame) !== 0) {
    throw new GantryError('not-acceptable', `the frame does not fit ${toUid} without loss`);
  }
  return codestream;
}

interface EncodeContext {
  readonly image: ImagePixelDescription;
  readonly toUid: string;
  readonly codecs: CodecSet;
}

async function encode(
  encoder: FrameEncoder,
  frame: Uint8Array,
  { image, toUid, codecs }: EncodeContext,
): Promise<Uint8Array> {
  if (encoder === 'rle') return encodeRle(frame, image);
  const codecSamples = fromNativeFrame(frame, image, encoder === 'jpeg-ls');
  const samples = {
    ...codecSamples,
    width: image.columns,
    height: image.rows,
    componentCount: image.samplesPerPixel,
  };
  // The description of the result follows from the same rule: `encodedImage`. The HTJ2K encoder has to transform: what it writes
  // without is read by its own decoder, but not by OpenJPEG.
  const isTransformed = encodedImage(image, toUid).photometricInterpretation === 'YBR_RCT';
  try {
    if (encoder === 'jpeg-ls') return await codecs.charls.encodeLossless(samples);
    if (encoder === 'htj2k') return await codecs.openjph.encodeLossless(samples, isTransformed);
    return await codecs.openjpeg.encodeLossless(samples, isTransformed);
  } catch (cause) {
    throw new GantryError('processing-failure', 'the encoder failed', { cause });
  }
}
