import { GantryError } from '#engine/base/error-catalogue.js';
import type { AttributeReader } from './attribute-reader.js';
import { sampleValue, type FrameSamples } from './frame-samples.js';
import {
  entryCount,
  lookUp,
  readLookupTable,
  toLookupTable,
  type LookupTable,
} from './lookup-table.js';

const channels = [
  { descriptor: '00281101', data: '00281201', segmented: '00281221' },
  { descriptor: '00281102', data: '00281202', segmented: '00281222' },
  { descriptor: '00281103', data: '00281203', segmented: '00281223' },
] as const;

/** Red, green and blue of 8 bits of PALETTE COLOR samples (PS3.3 §C.7.6.3.1.5). Throws `not-acceptable` without a palette. */
export function paletteToRgb8(samples: FrameSamples, attributes: AttributeReader): Uint8Array {
  const valueOf = sampleValue(samples);
  const tables = channels.map((channel) => readPalette(attributes, channel, samples.isSigned));
  const { cells } = samples;
  const result = new Uint8Array(cells.length * 3);
  for (const [channel, table] of tables.entries()) {
    const shift = table.bits - 8;
    for (let n = 0; n < cells.length; n++) {
      result[n * 3 + channel] = lookUp(table, valueOf(cells[n]!)) >>> shift;
    }
  }
  return result;
}

function readPalette(
  attributes: AttributeReader,
  { descriptor, data, segmented }: (typeof channels)[number],
  isSigned: boolean,
): LookupTable {
  const table =
    readLookupTable(attributes, descriptor, data, isSigned) ??
    readSegmentedTable(attributes, descriptor, segmented, isSigned);
  if (table !== undefined) return table;
  throw new GantryError('not-acceptable', 'the palette is missing or too short');
}

function readSegmentedTable(
  attributes: AttributeReader,
  descriptorTag: string,
  dataTag: string,
  isSigned: boolean,
): LookupTable | undefined {
  const data = attributes.bytes(dataTag);
  const descriptor = attributes.numbers(descriptorTag);
  const [declaredCount = 0, , bits] = descriptor;
  if (data === undefined) return undefined;
  const words = bits === 8 ? Uint16Array.from(data) : wordsOf(data);
  const entries = expandSegments(words, entryCount(declaredCount));
  return toLookupTable(descriptor, new Uint8Array(entries.buffer), isSigned);
}

/** Segments of PS3.3 §C.7.9.2: 0 discrete, 1 linear, 2 indirect. What goes on beyond `count` entries is not read. */
function expandSegments(words: Uint16Array, count: number): Uint16Array {
  const entries = new Uint16Array(count);
  let filled = 0;
  const read = (at: number, isIndirectAllowed: boolean): number => {
    const [kind, length = 0, third = 0, fourth = 0] = words.subarray(at, at + 4);
    if (kind === 0) {
      const values = words.subarray(at + 2, at + 2 + length).subarray(0, count - filled);
      entries.set(values, filled);
      filled += values.length;
      return at + 2 + length;
    }
    if (kind === 1) {
      const start = entries[filled - 1] ?? 0;
      for (let n = 1; n <= length && filled < count; n++) {
        entries[filled++] = Math.round(start + ((third - start) * n) / length);
      }
      return at + 3;
    }
    if (kind !== 2 || !isIndirectAllowed) return words.length;
    // `length` segments from a byte position are repeated; they are no indirect ones.
    let source = (third + fourth * 0x10000) >>> 1;
    for (let n = 0; n < length && source < words.length && filled < count; n++) {
      source = read(source, false);
    }
    return at + 4;
  };
  for (let at = 0; at < words.length && filled < count;) at = read(at, true);
  return entries;
}

function wordsOf(bytes: Uint8Array): Uint16Array {
  // A copy of its own: `slice` of a Buffer is a view.
  const even = new Uint8Array(bytes.subarray(0, bytes.length & ~1));
  return new Uint16Array(even.buffer);
}
