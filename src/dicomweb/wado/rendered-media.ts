import { GantryError } from '#engine/base/error-catalogue.js';
import type { RenderedFormat } from '#engine/codec/render/rendering.js';
import { coversType, type AcceptedMedia } from '#src/http/accept.js';

/** How something rendered is sent. */
export interface RenderedMedia {
  readonly mediaType: string;
  readonly isMultipart: boolean;
}

/** Formats by their media type; the first is what a range means. */
export const pictureFormats: ReadonlyMap<string, RenderedFormat> = new Map([
  ['image/jpeg', 'jpeg'],
  ['image/png', 'png'],
  ['image/webp', 'webp'],
  ['image/gif', 'gif'],
]);

/** Media types that can hold several frames. */
export const animatedTypes: ReadonlySet<string> = new Set(['image/gif', 'image/webp']);

/**
 * Chooses the media type of something rendered (PS3.18 §8.7.4) among those that can be made, best known first. Throws
 * `not-acceptable` naming them.
 */
export function chooseRenderedMedia(
  accepted: readonly AcceptedMedia[],
  available: readonly string[],
): RenderedMedia {
  for (const media of accepted) {
    const mediaType = available.find((type) => coversType(media, type));
    if (mediaType !== undefined) return { mediaType, isMultipart: media.isMultipart ?? false };
  }
  throw new GantryError('not-acceptable', `the resource is rendered as ${available.join(', ')}`);
}
