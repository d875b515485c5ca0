import type { TakeMemory } from '#native-bindings/wasm/wasm-codec.js';
import { sampleValue, type FrameSamples } from './frame-samples.js';
import type { ModalityTransform } from './modality-lut.js';
import { ramp, type VoiTransform } from './voi-lut.js';

/** Grey, 0 to 1, to grey as it is shown (PS3.3 §C.11.6). */
export type PresentationTransform = (grey: number) => number;

export interface GrayscaleTransforms {
  readonly modality: ModalityTransform;
  readonly voi: VoiTransform;
  readonly presentation: PresentationTransform;
}

/** Pixel Padding Value, or the range from it to its Range Limit, as stored (PS3.3 §C.7.5.1.1.2). */
export interface PaddingRange {
  readonly low: number;
  readonly high: number;
}

/** Samples of more bits are too many different ones for a table. */
const tableBitsMax = 16;

/**
 * Grey by sample. Filled anew for each frame, as values are met: of 65,536 that 16 bits could have, an image has a few thousand.
 * Fresh memory of this size costs more than that.
 */
const greyTable = new Int16Array(2 ** tableBitsMax);
const notMetYet = -1;

type ToGrey = (cell: number) => number;

/** The grayscale transformations of PS3.4 §N.2 to 8 bits, in memory that `take` gives. */
export function toGrey8(
  samples: FrameSamples,
  transforms: GrayscaleTransforms,
  take: TakeMemory,
): Uint8Array {
  const { cells, bitsStored } = samples;
  const valueOf = sampleValue(samples);
  const { modality, voi, presentation } = transforms;
  const toGrey: ToGrey = (cell) => {
    const grey = presentation(voi(modality(valueOf(cell))));
    // The small summand keeps products that are whole numbers, but for rounding, from being cut down.
    return Math.floor(grey * 255 + 1e-6);
  };
  const result = take(cells.length);
  if (bitsStored === 0 || bitsStored > tableBitsMax || 2 ** bitsStored > cells.length) {
    for (let n = 0; n < cells.length; n++) result[n] = toGrey(cells[n]!);
    return result;
  }
  const mask = 2 ** bitsStored - 1;
  greyTable.fill(notMetYet, 0, mask + 1);
  const isWide = cells instanceof Uint16Array;
  for (let n = isWide ? lookUpByFours(cells, mask, toGrey, result) : 0; n < cells.length; n++) {
    const cell = cells[n]! & mask;
    let grey = greyTable[cell]!;
    if (grey === notMetYet) greyTable[cell] = grey = toGrey(cell);
    result[n] = grey;
  }
  return result;
}

/**
 * Looks up four samples at a time, read as two words and written as one: less than half the time of one by one. Returns how many
 * it did: all but those behind the last four, or none where memory is not laid out for it.
 */
function lookUpByFours(
  cells: Uint16Array,
  mask: number,
  toGrey: ToGrey,
  result: Uint8Array,
): number {
  if (cells.byteOffset % 4 !== 0 || result.byteOffset % 4 !== 0) return 0;
  const count = cells.length >> 2;
  const pairs = new Uint32Array(cells.buffer, cells.byteOffset, count * 2);
  const fours = new Uint32Array(result.buffer, result.byteOffset, count);
  for (let n = 0; n < count; n++) {
    const low = pairs[2 * n]!;
    const high = pairs[2 * n + 1]!;
    const first = low & mask;
    const second = (low >>> 16) & mask;
    const third = high & mask;
    const fourth = (high >>> 16) & mask;
    let a = greyTable[first]!;
    let b = greyTable[second]!;
    let c = greyTable[third]!;
    let d = greyTable[fourth]!;
    if ((a | b | c | d) < 0) {
      greyTable[first] = a = toGrey(first);
      greyTable[second] = b = toGrey(second);
      greyTable[third] = c = toGrey(third);
      greyTable[fourth] = d = toGrey(fourth);
    }
    fours[n] = a | (b << 8) | (c << 16) | (d << 24);
  }
  return count * 4;
}

/** How a window is fitted to frames. */
export interface Fitting {
  readonly padding: PaddingRange | undefined;
  /** Samples of up to 8 bits are shown with all values that they could have. */
  readonly isWholeRange: boolean;
}

/** The window for images that have none: from the smallest to the largest value of these frames without padding. */
export function fittingVoi(
  frames: readonly FrameSamples[],
  modality: ModalityTransform,
  { padding, isWholeRange }: Fitting,
): VoiTransform {
  const { bitsStored, isSigned } = frames[0]!;
  let [low, high] = [Infinity, -Infinity];
  if (isWholeRange && bitsStored > 0 && bitsStored <= 8) {
    low = isSigned ? -(2 ** (bitsStored - 1)) : 0;
    high = low + 2 ** bitsStored - 1;
  } else {
    for (const samples of frames) {
      const range = valueRange(samples, padding);
      [low, high] = [Math.min(low, range.low), Math.max(high, range.high)];
    }
  }
  const [first, last] = [modality(low), modality(high)];
  const isFlat = first === last || !Number.isFinite(first) || !Number.isFinite(last);
  return isFlat ? () => 0 : ramp(Math.min(first, last), Math.max(first, last));
}

function valueRange(
  samples: FrameSamples,
  padding: PaddingRange | undefined,
): { readonly low: number; readonly high: number } {
  const { cells } = samples;
  const valueOf = sampleValue(samples);
  let [low, high] = [Infinity, -Infinity];
  for (let n = 0; n < cells.length; n++) {
    const value = valueOf(cells[n]!);
    if (padding !== undefined && value >= padding.low && value <= padding.high) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}
