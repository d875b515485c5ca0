import { GantryError } from '#engine/base/error-catalogue.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import {
  nativeFrameBytes,
  readImagePixelDescription,
  samplesPerFrame,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import type { TakeMemory } from '#native-bindings/wasm/wasm-codec.js';
import { decodedImage } from '../codec-registry.js';
import type { CodecSet } from '../codec-set.js';
import { corruptFrame } from '../codestream-error.js';
import { decodeFrame } from '../decode-frame.js';
import type { AttributeReader } from './attribute-reader.js';
import { expandYbr422, isSubsampled } from './colour.js';
import { readFloatSamples, readFrameSamples, type FrameSamples } from './frame-samples.js';
import type { RenderTask } from './rendering.js';

/** The samples of one frame and what they are. */
export interface DecodedFrame {
  readonly samples: FrameSamples;
  readonly image: ImagePixelDescription;
  /** Of the samples as they are now. */
  readonly photometricInterpretation: string;
}

type SampleDecoder = (frame: Uint8Array) => Promise<DecodedFrame>;

/**
 * How the frames of a task become samples, in memory that `take` gives. Throws `not-acceptable` for what is not rendered; the
 * decoder also `corrupt`.
 */
export function sampleDecoder(
  task: Pick<RenderTask, 'image' | 'transferSyntaxUid' | 'framePixelsMax'>,
  attributes: AttributeReader,
  codecs: CodecSet,
  take: TakeMemory,
): SampleDecoder {
  const floatBytes = attributes.has('7FE00008') ? 4 : attributes.has('7FE00009') ? 8 : undefined;
  if (floatBytes !== undefined) return floatDecoder(floatBytes, attributes, task.framePixelsMax);
  const { transferSyntaxUid } = task;
  const image = readImagePixelDescription(task.image.json);
  checkSize(samplesPerFrame(image), task.framePixelsMax);
  const isNative = findTransferSyntax(transferSyntaxUid)?.isEncapsulated === false;
  const { photometricInterpretation } = decodedImage(image, transferSyntaxUid);
  return async (frame) => {
    const native = isNative
      ? nativeFrame(frame, image)
      : await decodeFrame({ codestream: frame, transferSyntaxUid, image }, codecs, take);
    const samples = readFrameSamples(native, image);
    return { samples, image, photometricInterpretation };
  };
}

/** The samples of a native frame, chroma as often as luma. */
function nativeFrame(frame: Uint8Array, image: ImagePixelDescription): Uint8Array {
  if (isSubsampled(image.photometricInterpretation)) {
    const pixelCount = image.rows * image.columns;
    const isGrouped = image.bitsAllocated === 8 && frame.length >= pixelCount * 2;
    if (isGrouped && !image.photometricInterpretation.endsWith('420')) {
      return expandYbr422(frame, pixelCount);
    }
    throw new GantryError('not-acceptable', 'native frames with subsampled chroma of this kind');
  }
  const length = nativeFrameBytes(image);
  if (frame.length >= length) return frame.subarray(0, length);
  throw corruptFrame(`${frame.length} bytes where the data set needs ${length}`);
}

function floatDecoder(
  bytesPerSample: 4 | 8,
  attributes: AttributeReader,
  framePixelsMax: number,
): SampleDecoder {
  const image: ImagePixelDescription = {
    rows: attributes.number('00280010') ?? 0,
    columns: attributes.number('00280011') ?? 0,
    samplesPerPixel: 1,
    photometricInterpretation: 'MONOCHROME2',
    planarConfiguration: 0,
    bitsAllocated: 32,
    bitsStored: 32,
    isSigned: true,
  };
  const count = samplesPerFrame(image);
  checkSize(count, framePixelsMax);
  return (frame) => {
    if (count === 0 || frame.length < count * bytesPerSample) {
      throw corruptFrame(`${frame.length} bytes of floating point are too few`);
    }
    const samples = readFloatSamples(frame.subarray(0, count * bytesPerSample), bytesPerSample);
    return Promise.resolve({ samples, image, photometricInterpretation: 'MONOCHROME2' });
  };
}

function checkSize(samples: number, framePixelsMax: number): void {
  if (samples <= framePixelsMax) return;
  throw new GantryError('not-acceptable', `frames of more than ${framePixelsMax} samples`);
}
