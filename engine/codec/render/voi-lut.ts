import type { AttributeReader } from './attribute-reader.js';
import { lookUp, readLookupTable } from './lookup-table.js';
import type { VoiWindow } from './rendering.js';

/** Values of the modality to grey, 0 to 1 (PS3.3 §C.11.2). */
export type VoiTransform = (value: number) => number;

/**
 * The transform of the first of `sources` that describes one: its first window, or the first table of its VOI LUT Sequence. A
 * window goes first where there are both, as viewers do it. `isSigned`: the values of the modality may be negative.
 */
export function readVoiTransform(
  sources: readonly AttributeReader[],
  isSigned: boolean,
): VoiTransform | undefined {
  for (const source of sources) {
    const window = readWindow(source.item('00289132') ?? source);
    if (window !== undefined) return windowTransform(window);
    const item = source.item('00283010');
    const table = item && readLookupTable(item, '00283002', '00283006', isSigned);
    if (table !== undefined) {
      const top = 2 ** table.bits - 1;
      return (value) => lookUp(table, value) / top;
    }
  }
  return undefined;
}

function readWindow(source: AttributeReader): VoiWindow | undefined {
  const center = source.number('00281050');
  const width = source.number('00281051');
  if (center === undefined || width === undefined) return undefined;
  const name = source.text('00281056');
  const voiFunction =
    name === 'SIGMOID' ? 'sigmoid' : name === 'LINEAR_EXACT' ? 'linear-exact' : 'linear';
  // Widths below 1 are written where LINEAR_EXACT is meant; others mean nothing.
  if (width <= 0) return undefined;
  return {
    center,
    width,
    function: width < 1 && name !== 'SIGMOID' ? 'linear-exact' : voiFunction,
  };
}

/** The function of a window, PS3.3 §C.11.2.1.2 and §C.11.2.1.3. */
export function windowTransform({ center, width, function: name }: VoiWindow): VoiTransform {
  if (name === 'sigmoid') return (value) => 1 / (1 + Math.exp((-4 * (value - center)) / width));
  if (name === 'linear-exact') return ramp(center - width / 2, center + width / 2);
  return ramp(center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2);
}

/** Black up to `low`, white above `high`, even steps between. */
export function ramp(low: number, high: number): VoiTransform {
  const range = high - low;
  return (value) => (value <= low ? 0 : value > high ? 1 : (value - low) / range);
}
