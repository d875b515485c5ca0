import { createHash } from 'node:crypto';
import { decodedImage, encodedImage } from '#engine/codec/codec-registry.js';
import type {
  JsonDataSet,
  JsonElement,
  JsonValue,
} from '#engine/dicom/json-model/json-model-types.js';
import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';

/** Extended Offset Table, its lengths, and the total length that belongs to it: of pixel data as it was. */
export const offsetTableTags: readonly number[] = [0x7fe00001, 0x7fe00002, 0x7fe00003];

/** JPEG with DCT, also packed as JPEG XL, which never keeps everything (PS3.5 §8.2.1). */
const alwaysLossyUids: ReadonlySet<string> = new Set(
  ['50', '51', '53', '55', '111'].map((process) => `1.2.840.10008.1.2.4.${process}`),
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

/** An instance that is made of another with loss. */
export interface LossyDerivation {
  /** Attributes of the source up to group 0028, as the JSON model has them. */
  readonly source: JsonDataSet;
  readonly sopInstanceUid: string;
  /** Of the first frame: native bytes to one of the codestream. */
  readonly ratio: number;
  readonly quality: number;
}

/**
 * What an image that was compressed with loss says besides (PS3.3 §C.7.6.1.1.5, §C.7.6.1.1.3): that it is derived, from which,
 * how and by how much. Ratio and method are appended to those of an earlier compression.
 */
export function lossyAttributes(derivation: LossyDerivation): JsonDataSet {
  const { source, sopInstanceUid, ratio, quality } = derivation;
  const values = (tag: string): JsonValue[] => source[tag]?.Value ?? [];
  const [, ...imageType] = values('00080008');
  const reference: JsonDataSet = {
    '00081150': { vr: 'UI', Value: values('00080016') },
    '00081155': { vr: 'UI', Value: values('00080018') },
    '0040A170': codeSequence('121320', 'Uncompressed predecessor'),
  };
  const ratioText = ratio.toFixed(2);
  return {
    '00080008': {
      vr: 'CS',
      Value: ['DERIVED', ...(imageType.length > 0 ? imageType : ['PRIMARY'])],
    },
    '00080018': element('UI', sopInstanceUid),
    '00082111': element('ST', `JPEG Baseline, quality ${quality}, compression ratio ${ratioText}`),
    '00082112': { vr: 'SQ', Value: [reference] },
    '00089215': codeSequence('113040', 'Lossy Compression'),
    '00282110': element('CS', '01'),
    '00282112': { vr: 'DS', Value: [...values('00282112'), ratioText] },
    '00282114': { vr: 'CS', Value: [...values('00282114'), 'ISO_10918_1'] },
  };
}

/** The UID of what is made of an instance with loss: the same each time it is made (PS3.5 §B.2). */
export function derivedInstanceUid(sopInstanceUid: string, process: string): string {
  const uuid = createHash('sha256').update(`${sopInstanceUid}/${process}`).digest().subarray(0, 16);
  // Version 8, variant of RFC 9562.
  uuid[6] = (uuid[6]! & 0x0f) | 0x80;
  uuid[8] = (uuid[8]! & 0x3f) | 0x80;
  return `2.25.${BigInt(`0x${uuid.toString('hex')}`)}`;
}

function codeSequence(value: string, meaning: string): JsonElement {
  const code: JsonDataSet = {
    '00080100': element('SH', value),
    '00080102': element('SH', 'DCM'),
    '00080104': element('LO', meaning),
  };
  return { vr: 'SQ', Value: [code] };
}

function element(vr: string, value: string | number): JsonElement {
  return { vr, Value: [value] };
}
