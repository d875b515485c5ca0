import { decodedImage, encodedImage } from '#engine/codec/codec-registry.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';

/** Extended Offset Table, its lengths, and the total length that belongs to it: of pixel data as it was. */
export const offsetTableTags: readonly number[] = [0x7fe00001, 0x7fe00002, 0x7fe00003];

/** JPEG with DCT, which never keeps everything (PS3.5 §8.2.1). */
const alwaysLossyUids: ReadonlySet<string> = new Set(
  ['50', '51', '53', '55'].map((process) => `1.2.840.10008.1.2.4.${process}`),
);

/**
 * What a data set has to say otherwise when its pixel data goes from one transfer syntax to another without further loss: what
 * the colours are and how they lie (PS3.5 §8.2, PS3.3 §C.7.6.3.1), and that something was lost when that follows from the
 * stored transfer syntax (PS3.3 §C.7.6.1.1.5).
 */
export function transcodedAttributes(
  stored: ImagePixelDescription,
  fromUid: string,
  toUid: string,
): JsonDataSet {
  const image = encodedImage(decodedImage(stored, fromUid), toUid);
  const changes: JsonDataSet = {};
  if (image.samplesPerPixel > 1) {
    changes['00280004'] = element('CS', image.photometricInterpretation);
    changes['00280006'] = element('US', image.planarConfiguration);
  }
  if (alwaysLossyUids.has(fromUid)) changes['00282110'] = element('CS', '01');
  return changes;
}

function element(vr: string, value: string | number): JsonElement {
  return { vr, Value: [value] };
}
