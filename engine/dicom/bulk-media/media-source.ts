import { GantryError } from '#engine/base/error-catalogue.js';

/** The bytes of a bulk data part, wherever they wait. */
export interface MediaSource {
  readonly length: number;
  /** Reads `length` bytes from `position`, both inside the part. */
  read(position: number, length: number): Promise<Buffer>;
}

/** Reads bytes that must be there. Throws `malformed` when the part ends before. */
export function readMedia(source: MediaSource, position: number, length: number): Promise<Buffer> {
  if (position + length > source.length) throw malformedMedia('is cut off');
  return source.read(position, length);
}

export function malformedMedia(reason: string): GantryError {
  return new GantryError('malformed', `the bulk data ${reason}`);
}
