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

/** Filled anew for each frame: fresh memory of this size costs more than that. */
const greyTable = new Int16Array(2 ** tableBitsMax);

/** The grayscale transformations of PS3.4 §N.2 to 8 bits, in memory that `take` gives. */
export function toGrey8(
  samples: FrameSamples,
  transforms: GrayscaleTransforms,
  take: TakeMemory,
): Uint8Array {
  const { cells, bitsStored } = samples;
  const valueOf = sampleValue(samples);
  const { modality, voi, presentation } = transforms;
  const toGrey = (cell: number): number => {
    const grey = presentation(voi(modality(valueOf(cell))));
    // The small summand keeps products that are whole numbers, but for rounding, from being cut down.
    return Math.floor(grey * 255 + 1e-6);
  };
  const result = take(cells.length);
  const tableLength = 2 ** bitsStored;
  if (bitsStored === 0 || bitsStored > tableBitsMax || tableLength > cells.length) {
    for (let n = 0; n < cells.length; n++) result[n] = toGrey(cells[n]!);
    return result;
  }
  // Filled as values are met: of 65,536 that 16 bits could have, an image has a few thousand.
  const table = greyTable.subarray(0, tableLength).fill(-1);
  const mask = tableLength - 1;
  for (let n = 0; n < cells.length; n++) {
    const cell = cells[n]! & mask;
    let grey = table[cell]!;
    if (grey < 0) table[cell] = grey = toGrey(cell);
    result[n] = grey;
  }
  return result;
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
