import type { AttributeReader } from './attribute-reader.js';

/** A table of the LUT Data kind (PS3.3 §C.11.1.1): what lies before its first entry or behind its last gets that entry. */
export interface LookupTable {
  /** Input value of the first entry. */
  readonly first: number;
  readonly entries: Uint16Array;
  /** Bits of an entry, 8 to 16. */
  readonly bits: number;
}

/** Most entries that a descriptor of three 16-bit values can declare. */
const entriesMax = 65_536;

/**
 * Reads the table that a LUT Descriptor (number of entries, first input value, bits) and its data make. `isSigned`: the input
 * values are. Undefined when there is none, or its data is shorter than it says.
 */
export function readLookupTable(
  attributes: AttributeReader,
  descriptorTag: string,
  dataTag: string,
  isSigned: boolean,
): LookupTable | undefined {
  const data = attributes.bytes(dataTag);
  if (data === undefined) return undefined;
  return toLookupTable(attributes.numbers(descriptorTag), data, isSigned);
}

/** As `readLookupTable`, from the values. */
export function toLookupTable(
  descriptor: readonly number[],
  data: Uint8Array,
  isSigned: boolean,
): LookupTable | undefined {
  const [declaredCount, declaredFirst, declaredBits] = descriptor;
  if (declaredCount === undefined || declaredFirst === undefined) return undefined;
  const entries = readEntries(data, entryCount(declaredCount));
  if (entries === undefined) return undefined;
  // A descriptor of VR US cannot say a negative number otherwise.
  const first = isSigned && declaredFirst > 0x7fff ? declaredFirst - 0x10000 : declaredFirst;
  const largest = entries.reduce((a, b) => Math.max(a, b), 0);
  const bitsNeeded = 32 - Math.clz32(largest);
  const bits = Math.min(16, Math.max(8, declaredBits ?? 16, bitsNeeded));
  return { first, entries, bits };
}

/** What the first value of a descriptor says: of VR SS it is negative beyond 32,767, of any other that a sender made up too large. */
export function entryCount(declared: number): number {
  return declared === 0 ? entriesMax : declared & 0xffff;
}

/** Entries have a word each; those of 8 bits may be packed two to a word instead (PS3.3 §C.7.6.3.1.6). */
function readEntries(data: Uint8Array, count: number): Uint16Array | undefined {
  if (data.length < count) return undefined;
  if (data.length < count * 2) return Uint16Array.from(data.subarray(0, count));
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Uint16Array.from({ length: count }, (_, n) => view.getUint16(n * 2, true));
}

export function lookUp({ first, entries }: LookupTable, value: number): number {
  const index = Math.min(Math.max(Math.trunc(value) - first, 0), entries.length - 1);
  return entries[index]!;
}
