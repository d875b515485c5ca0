import { deflateRawSync } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';
import {
  nativeFrameBytes,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import {
  encodedImage,
  findCodec,
  isConvertedWithLoss,
  lossyQuality,
  type FrameEncoder,
} from './codec-registry.js';
import type { CodecSet } from './codec-set.js';
import { corruptFrame } from './codestream-error.js';
import { decodeFrame } from './decode-frame.js';
import { encodeJpegLossless } from './encode-jpeg-lossless.js';
import { encodeRle } from './rle.js';
import { fromNativeFrame } from './sample-layout.js';

/** What a native frame is, and what it is to become. */
export interface FrameTarget {
  readonly image: ImagePixelDescription;
  readonly toUid: string;
  /** As in `CodecTask`. */
  readonly quality?: number;
}

/**
 * Encodes a native frame, little endian, and decodes it again: what is encoded without loss is returned only when it comes back
 * the same, bit by bit. Throws `corrupt` when the frame is shorter than described, `not-acceptable` when it does not survive the
 * round trip: bits beyond Bits Stored, as old overlays are, have no place in a codestream.
 */
export async function encodeFrame(
  frame: Uint8Array,
  target: FrameTarget,
  codecs: CodecSet,
): Promise<Uint8Array> {
  const { image, toUid } = target;
  if (frame.length !== nativeFrameBytes(image)) {
    throw corruptFrame(`${frame.length} bytes where there must be ${nativeFrameBytes(image)}`);
  }
  const encoder = findCodec(toUid)?.encoder;
  if (encoder === undefined) {
    throw new GantryError('not-acceptable', `frames are not converted to ${toUid}`);
  }
  const codestream = await encode(encoder, frame, { ...target, codecs });
  const decoded = await decodeFrame({ codestream, transferSyntaxUid: toUid, image }, codecs);
  if (!isConvertedWithLoss(toUid) && Buffer.compare(decoded, frame) !== 0) {
    throw new GantryError('not-acceptable', `the frame does not fit ${toUid} without loss`);
  }
  return codestream;
}

interface EncodeContext extends FrameTarget {
  readonly codecs: CodecSet;
}

function encode(
  encoder: FrameEncoder,
  frame: Uint8Array,
  context: EncodeContext,
): Uint8Array | Promise<Uint8Array> {
  switch (encoder) {
    case 'none':
      return frame.slice();
    case 'deflate':
      return new Uint8Array(deflateRawSync(frame));
    case 'rle':
      return encodeRle(frame, context.image);
    default:
      return encodeSamples(encoder, frame, context);
  }
}

async function encodeSamples(
  encoder: Exclude<FrameEncoder, 'none' | 'deflate' | 'rle'>,
  frame: Uint8Array,
  { image, toUid, quality = lossyQuality, codecs }: EncodeContext,
): Promise<Uint8Array> {
  const hasNoSigns = encoder === 'jpeg-ls' || encoder === 'jpeg-lossless';
  const { rows, columns, samplesPerPixel: componentCount, bitsStored: precision } = image;
  const plain = fromNativeFrame(frame, image, hasNoSigns);
  const samples = { ...plain, width: columns, height: rows, componentCount };
  // The description of the result follows from the same rule: `encodedImage`. The HTJ2K encoder has to transform: what it writes
  // without is read by its own decoder, but not by OpenJPEG.
  const isTransformed = encodedImage(image, toUid).photometricInterpretation === 'YBR_RCT';
  try {
    switch (encoder) {
      case 'jpeg':
        return await codecs.libjpegTurbo.encode(samples, quality);
      case 'jpeg-lossless': {
        const { buffer, length } = samples.samples;
        const words = precision > 8 ? new Uint16Array(buffer, 0, length / 2) : samples.samples;
        return encodeJpegLossless({ samples: words, rows, columns, componentCount, precision });
      }
      case 'jpeg-ls':
        return await codecs.charls.encodeLossless(samples);
      case 'jpeg2000':
        return await codecs.openjpeg.encodeLossless(samples, isTransformed);
      case 'htj2k':
        return await codecs.openjph.encodeLossless(samples, isTransformed);
    }
  } catch (cause) {
    if (encoder === 'jpeg') {
      throw new GantryError('not-acceptable', 'the frame is too small or too random', { cause });
    }
    throw new GantryError('processing-failure', 'the encoder failed', { cause });
  }
}
