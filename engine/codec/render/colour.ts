import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';
import type { FrameSamples } from './frame-samples.js';

/** Red, green and blue of 8 bits, pixel by pixel, of three samples a pixel in RGB, YBR_FULL or YBR_PARTIAL. */
export function toRgb8(
  samples: FrameSamples,
  image: ImagePixelDescription,
  photometricInterpretation: string,
): Uint8Array {
  const rgb = interleave8(samples, image.planarConfiguration === 1);
  if (photometricInterpretation.startsWith('YBR_FULL')) convertYbr(rgb, fullRange);
  else if (photometricInterpretation.startsWith('YBR_PARTIAL')) convertYbr(rgb, partialRange);
  return rgb;
}

/** Whether native frames hold fewer chroma samples than pixels (PS3.3 §C.7.6.3.1.2). */
export function isSubsampled(photometricInterpretation: string): boolean {
  return /^YBR_(FULL|PARTIAL)_42[02]$/.test(photometricInterpretation);
}

/** A native frame of YBR_FULL_422 or YBR_PARTIAL_422, in groups of Y Y Cb Cr for two pixels, with chroma for each pixel. */
export function expandYbr422(frame: Uint8Array, pixelCount: number): Uint8Array {
  const result = new Uint8Array(pixelCount * 3);
  for (let pixel = 0; pixel < pixelCount; pixel++) {
    const group = (pixel >> 1) * 4;
    result[pixel * 3] = frame[group + (pixel & 1)] ?? 0;
    result[pixel * 3 + 1] = frame[group + 2] ?? 128;
    result[pixel * 3 + 2] = frame[group + 3] ?? 128;
  }
  return result;
}

/** The most significant 8 of the bits stored; fewer bits are spread over the range. */
function interleave8(samples: FrameSamples, isPlanar: boolean): Uint8Array {
  const { cells, bitsStored } = samples;
  const pixelCount = Math.floor(cells.length / 3);
  const result = new Uint8Array(pixelCount * 3);
  const shift = Math.max(0, bitsStored - 8);
  const factor = bitsStored < 8 ? 255 / (2 ** bitsStored - 1) : 1;
  for (let channel = 0; channel < 3; channel++) {
    let from = isPlanar ? channel * pixelCount : channel;
    const step = isPlanar ? 1 : 3;
    for (let to = channel; to < result.length; to += 3, from += step) {
      result[to] = (cells[from]! >>> shift) * factor;
    }
  }
  return result;
}

/** Coefficients of ITU-R BT.601, as PS3.3 §C.7.6.3.1.2 gives them. */
interface YbrRange {
  readonly luma: number;
  readonly lumaOffset: number;
  readonly redOfCr: number;
  readonly greenOfCb: number;
  readonly greenOfCr: number;
  readonly blueOfCb: number;
}

const fullRange: YbrRange = {
  luma: 1,
  lumaOffset: 0,
  redOfCr: 1.402,
  greenOfCb: -0.344136,
  greenOfCr: -0.714136,
  blueOfCb: 1.772,
};

const partialRange: YbrRange = {
  luma: 1.1644,
  lumaOffset: 16,
  redOfCr: 1.596,
  greenOfCb: -0.3917,
  greenOfCr: -0.813,
  blueOfCb: 2.0173,
};

function convertYbr(pixels: Uint8Array, range: YbrRange): void {
  const { luma, lumaOffset, redOfCr, greenOfCb, greenOfCr, blueOfCb } = range;
  for (let at = 0; at + 2 < pixels.length; at += 3) {
    const y = luma * (pixels[at]! - lumaOffset);
    const cb = pixels[at + 1]! - 128;
    const cr = pixels[at + 2]! - 128;
    pixels[at] = clamp8(y + redOfCr * cr);
    pixels[at + 1] = clamp8(y + greenOfCb * cb + greenOfCr * cr);
    pixels[at + 2] = clamp8(y + blueOfCb * cb);
  }
}

function clamp8(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
}
