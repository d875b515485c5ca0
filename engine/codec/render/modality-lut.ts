import type { AttributeReader } from './attribute-reader.js';
import { lookUp, readLookupTable } from './lookup-table.js';

/** Stored values to values of the modality, e.g. Hounsfield units (PS3.3 §C.11.1). */
export type ModalityTransform = (storedValue: number) => number;

const identity: ModalityTransform = (value) => value;

/**
 * The transform of the first of `sources` that describes one: Modality LUT Sequence, Pixel Value Transformation Sequence of a
 * frame, Rescale Slope and Intercept. A slope of 0 makes everything equal and is not believed.
 */
export function readModalityTransform(
  sources: readonly AttributeReader[],
  isSigned: boolean,
): ModalityTransform {
  for (const source of sources) {
    const item = source.item('00283000');
    const table = item && readLookupTable(item, '00283002', '00283006', isSigned);
    if (table !== undefined) return (value) => lookUp(table, value);
    const rescale = source.item('00289145') ?? source;
    const slope = rescale.number('00281053');
    const intercept = rescale.number('00281052');
    if (slope === undefined && intercept === undefined) continue;
    const [factor, summand] = [slope === undefined || slope === 0 ? 1 : slope, intercept ?? 0];
    if (factor === 1 && summand === 0) return identity;
    return (value) => value * factor + summand;
  }
  return identity;
}
