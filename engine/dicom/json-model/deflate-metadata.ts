import { deflateText, type DeflatedText } from '#engine/base/deflated-text.js';
import type { MetadataDocument } from '#engine/dicom/instance/parsed-instance.js';

/** The stretches between the places where URLs are put in: one more than there are places. */
export function deflateMetadata({ json, uriOffsets }: MetadataDocument): DeflatedText[] {
  const borders = [0, ...uriOffsets, json.length];
  return borders.slice(1).map((end, n) => deflateText(json.subarray(borders[n], end)));
}
