import { GantryError } from '#engine/base/error-catalogue.js';

/**
 * The frame table of encapsulated pixel data: one entry of 16 bytes per frame — offset (64 bits), length and fragment count (32
 * bits each), little endian. Entries have one size, so that a page of the table can be stored and read alone.
 *
 * A frame of one fragment is the fragment's value. The range of a frame of several fragments begins with the item header of the
 * first, because only the headers tell where fragments end; `joinFragments` takes them out.
 */
export interface FrameEntry {
  readonly offset: number;
  readonly length: number;
  readonly fragmentCount: number;
}

export const frameEntryBytes = 16;
/** Entries on one page of a stored table: 64 KiB. */
export const frameTablePageEntries = 4096;

export const itemHeaderBytes = 8;
/** (FFFE,E000) as a little endian word. */
const itemTagWord = 0xe000fffe;

export function encodeFrameTable(entries: readonly FrameEntry[]): Uint8Array {
  const writer = new FrameTableWriter(entries.length);
  for (const { offset, length, fragmentCount } of entries) {
    writer.add(offset, length, fragmentCount);
  }
  return writer.table;
}

/** Writes a table of known size entry by entry. */
export class FrameTableWriter {
  readonly table: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(frameCount: number) {
    this.table = new Uint8Array(frameCount * frameEntryBytes);
    this.#view = new DataView(this.table.buffer);
  }

  add(offset: number, length: number, fragmentCount: number): void {
    if (length > 0xffffffff) throw new GantryError('limit-exceeded', `a frame of ${length} bytes`);
    this.#view.setUint32(this.#at, offset >>> 0, true);
    this.#view.setUint32(this.#at + 4, Math.floor(offset / 0x100000000), true);
    this.#view.setUint32(this.#at + 8, length, true);
    this.#view.setUint32(this.#at + 12, fragmentCount, true);
    this.#at += frameEntryBytes;
  }
}

/** The entry at `index` (from 0) of a table or of one page; undefined beyond its end. */
export function readFrameEntry(table: Uint8Array, index: number): FrameEntry | undefined {
  const at = index * frameEntryBytes;
  if (at + frameEntryBytes > table.length) return undefined;
  const view = new DataView(table.buffer, table.byteOffset + at, frameEntryBytes);
  return {
    offset: view.getUint32(0, true) + view.getUint32(4, true) * 0x100000000,
    length: view.getUint32(8, true),
    fragmentCount: view.getUint32(12, true),
  };
}

/** Adds `shift` to the offset of every entry, in place: the frames lie that much further on. */
export function shiftFrameTable(table: Uint8Array, shift: number): Uint8Array {
  if (shift === 0) return table;
  const view = new DataView(table.buffer, table.byteOffset, table.byteLength);
  for (let at = 0; at < table.length; at += frameEntryBytes) {
    const offset = view.getUint32(at, true) + view.getUint32(at + 4, true) * 0x100000000 + shift;
    view.setUint32(at, offset >>> 0, true);
    view.setUint32(at + 4, Math.floor(offset / 0x100000000), true);
  }
  return table;
}

/**
 * The bytes of a frame from the range that its entry names: the values of its fragments, one after another (PS3.5 §A.4). The
 * result is `range` itself when there is but one fragment. Throws `corrupt` when the item headers are not where they must be.
 */
export function joinFragments(range: Uint8Array, fragmentCount: number): Uint8Array {
  if (fragmentCount === 1) return range;
  const frameBytes = range.length - itemHeaderBytes * fragmentCount;
  if (frameBytes < 0) throw new GantryError('corrupt', 'a frame is shorter than its item headers');
  const frame = new Uint8Array(frameBytes);
  const view = new DataView(range.buffer, range.byteOffset, range.byteLength);
  let from = 0;
  let to = 0;
  for (let fragment = 0; fragment < fragmentCount; fragment++) {
    const isItem =
      from + itemHeaderBytes <= range.length && view.getUint32(from, true) === itemTagWord;
    const length = isItem ? view.getUint32(from + 4, true) : 0;
    const start = from + itemHeaderBytes;
    if (!isItem || start + length > range.length || to + length > frameBytes) {
      throw new GantryError('corrupt', `fragment ${fragment + 1} of a frame is not an item`);
    }
    frame.set(range.subarray(start, start + length), to);
    to += length;
    from = start + length;
  }
  if (from !== range.length) throw new GantryError('corrupt', 'a frame has bytes after its items');
  return frame;
}
