import { GantryError } from '#engine/base/error-catalogue.js';

/** Bytes that can be read piece by piece: up to `lengthMax` from `position`, at least one unless that is the end. */
export interface RangeSource {
  /** `Infinity` while nobody knows: the end is where nothing more comes. */
  readonly length: number;
  read(position: number, lengthMax: number): Promise<Uint8Array>;
}

/** Exactly `length` bytes, in a buffer of their own. Rejects with `truncated` when the source ends before. */
export async function readRange(
  source: RangeSource,
  position: number,
  length: number,
): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length);
  for (let at = 0; at < length;) {
    const piece = await source.read(position + at, length - at);
    if (piece.length === 0) throw new GantryError('truncated', 'a data set ended early');
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
