import {
  bytesPerSample,
  nativeFrameBytes,
  samplesPerFrame,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';

/** Samples as codecs give and take them: one byte each up to 8 bits, two (little endian) above. */
export interface CodecSamples {
  readonly samples: Uint8Array;
  readonly bitsPerSample: number;
  /** Samples are two's complement, sign-extended to their bytes. */
  readonly isSigned: boolean;
  /** Components lie one after another instead of pixel by pixel. */
  readonly isPlanar: boolean;
}

type SampleArray = Uint8Array | Uint16Array | Uint32Array;

/**
 * The native frame, little endian, as the data set describes it (PS3.5 §8.1.1): samples widened to Bits Allocated, signed ones
 * sign-extended, in its planar configuration, 1-bit ones packed. The result is `decoded.samples` itself, changed in place, where
 * it has room for that. The caller has checked that there are as many samples as a frame has, and owns their memory from its beginning.
 */
export function toNativeFrame(decoded: CodecSamples, image: ImagePixelDescription): Uint8Array {
  const source = sampleArray(decoded.samples, decoded.bitsPerSample > 8 ? 2 : 1);
  if (image.bitsAllocated === 1) return packBits(source, image);
  const { bitsPerSample, isSigned } = decoded;
  // A codestream without signs holds the low bits of signed samples; one with signs may meet a data set without.
  const isChanged = image.isSigned !== isSigned && bitsPerSample < image.bitsAllocated;
  const isWidened = source.BYTES_PER_ELEMENT !== bytesPerSample(image);
  const isMoved = image.samplesPerPixel > 1 && decoded.isPlanar !== isPlanar(image);
  if (!isChanged && !isWidened && !isMoved) return decoded.samples;
  const frame = isWidened || isMoved ? new Uint8Array(nativeFrameBytes(image)) : decoded.samples;
  const target = sampleArray(frame, bytesPerSample(image));
  const extend = image.isSigned ? 32 - bitsPerSample : 0;
  const mask = bitsPerSample >= 32 ? -1 : (1 << bitsPerSample) - 1;
  moveSamples(source, target, {
    planeLength: image.rows * image.columns,
    planeCount: image.samplesPerPixel,
    isFromPlanar: decoded.isPlanar,
    isToPlanar: isPlanar(image),
    toCell: (value) => (image.isSigned ? (value << extend) >> extend : value & mask),
  });
  return frame;
}

/**
 * What an encoder takes of a native frame: pixel by pixel, Bits Stored of each sample; signed ones sign-extended, or with
 * `isSignDropped`, for codecs without signs, as unsigned numbers.
 */
export function fromNativeFrame(
  frame: Uint8Array,
  image: ImagePixelDescription,
  isSignDropped: boolean,
): CodecSamples {
  const { bitsStored } = image;
  const isSigned = image.isSigned && !isSignDropped;
  const source = sampleArray(frame, bytesPerSample(image));
  const samples = new Uint8Array(samplesPerFrame(image) * (bitsStored > 8 ? 2 : 1));
  const extend = 32 - bitsStored;
  const mask = (1 << bitsStored) - 1;
  moveSamples(source, sampleArray(samples, bitsStored > 8 ? 2 : 1), {
    planeLength: image.rows * image.columns,
    planeCount: image.samplesPerPixel,
    isFromPlanar: isPlanar(image),
    isToPlanar: false,
    toCell: (value) => (isSigned ? (value << extend) >> extend : value & mask),
  });
  return { samples, bitsPerSample: bitsStored, isSigned, isPlanar: false };
}

interface Move {
  readonly planeLength: number;
  readonly planeCount: number;
  readonly isFromPlanar: boolean;
  readonly isToPlanar: boolean;
  /** The cell keeps the low bits of the result. */
  toCell(value: number): number;
}

function moveSamples(source: SampleArray, target: SampleArray, move: Move): void {
  const { planeLength, planeCount, isFromPlanar, isToPlanar, toCell } = move;
  for (let plane = 0; plane < planeCount; plane++) {
    let from = isFromPlanar ? plane * planeLength : plane;
    let to = isToPlanar ? plane * planeLength : plane;
    const fromStep = isFromPlanar ? 1 : planeCount;
    const toStep = isToPlanar ? 1 : planeCount;
    for (let n = 0; n < planeLength; n++, from += fromStep, to += toStep) {
      target[to] = toCell(source[from]!);
    }
  }
}

/** Eight pixels a byte, the first in the least significant bit (PS3.5 §8.1.1, Annex D). */
function packBits(source: SampleArray, image: ImagePixelDescription): Uint8Array {
  const frame = new Uint8Array(nativeFrameBytes(image));
  const count = samplesPerFrame(image);
  for (let n = 0; n < count; n++) {
    if (source[n] !== 0) frame[n >> 3]! |= 1 << (n & 7);
  }
  return frame;
}

function isPlanar({ planarConfiguration }: ImagePixelDescription): boolean {
  return planarConfiguration === 1;
}

/** The bytes as samples of the machine's order, which is little endian wherever Node.js runs; aligned by a copy if need be. */
function sampleArray(bytes: Uint8Array, sampleBytes: number): SampleArray {
  if (sampleBytes === 1) return bytes;
  const aligned = bytes.byteOffset % sampleBytes === 0 ? bytes : bytes.slice();
  const length = Math.floor(aligned.length / sampleBytes);
  return sampleBytes === 2
    ? new Uint16Array(aligned.buffer, aligned.byteOffset, length)
    : new Uint32Array(aligned.buffer, aligned.byteOffset, length);
}
