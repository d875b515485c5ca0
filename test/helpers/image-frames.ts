import { compileCodecs, createCodecSet, type CodecSet } from '#engine/codec/codec-set.js';
import {
  bytesPerSample,
  nativeFrameBytes,
  samplesPerFrame,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';

/** A description of grey frames, with what is to differ. */
export function imageOf(changes: Partial<ImagePixelDescription> = {}): ImagePixelDescription {
  const bitsAllocated = changes.bitsAllocated ?? 16;
  return {
    rows: 7,
    columns: 9,
    samplesPerPixel: 1,
    photometricInterpretation: changes.samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2',
    planarConfiguration: 0,
    bitsAllocated,
    bitsStored: bitsAllocated,
    isSigned: false,
    ...changes,
  };
}

/**
 * A native frame whose samples are `seed`'s, within Bits Stored and sign-extended where they are signed. Neighbours are alike, as
 * in images, so that codecs have something to do.
 */
export function frameOf(image: ImagePixelDescription, seed: number): Uint8Array {
  const frame = new Uint8Array(nativeFrameBytes(image));
  const sampleBytes = bytesPerSample(image);
  const range = 2 ** image.bitsStored;
  let state = seed >>> 0;
  for (let n = 0; n < samplesPerFrame(image); n++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const wave = Math.floor((Math.sin(n / 11 + seed) + 1) * 0.45 * range);
    const value = (wave + (state % Math.max(1, range >>> 4))) % range;
    const signed = image.isSigned && value >= range / 2 ? value - range : value;
    for (let byte = 0; byte < sampleBytes; byte++) {
      frame[n * sampleBytes + byte] = Math.floor(signed / 256 ** byte) & 255;
    }
  }
  return frame;
}

/** The codecs of this thread. */
export async function testCodecs(): Promise<CodecSet> {
  return createCodecSet(await compileCodecs());
}
