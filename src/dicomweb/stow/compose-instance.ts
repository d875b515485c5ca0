import { GantryError } from '#engine/base/error-catalogue.js';
import { bulkMedia, type BulkMedia } from '#engine/dicom/bulk-media/bulk-media.js';
import type { MediaDescription } from '#engine/dicom/bulk-media/media-description.js';
import { readMedia } from '#engine/dicom/bulk-media/media-source.js';
import {
  composeDataSet,
  type BulkContent,
  type DataSetPiece,
} from '#engine/dicom/data-set/compose-data-set.js';
import { tagHex, tagText } from '#engine/dicom/dictionary/dictionary.js';
import {
  explicitVrLittleEndianUid,
  findTransferSyntax,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { writeFileMeta } from '#engine/dicom/part10/file-meta-information.js';
import { transferSyntaxOf, type BulkPart, type BulkParts } from './bulk-parts.js';

/** An instance made of metadata and bulk data: Part 10 bytes in pieces. */
export interface ComposedInstance {
  readonly pieces: readonly DataSetPiece[];
  /** Attributes of the metadata that the bulk data contradicts, as they were. */
  readonly coerced: JsonDataSet | undefined;
}

const sopClassUidTag = '00080016';
const sopInstanceUidTag = '00080018';
const conversionTypeTag = '00080064';
const numberOfFramesTag = '00280008';
const mimeTypeTag = '00420012';
const documentLengthTag = '00420015';
const transferSyntaxTags = ['00020010', '00083002'];
const pixelDataTag = 0x7fe00010;
const documentTag = 0x00420011;

/** What the part of pixel data or of a document makes of its instance. */
interface Wrapping {
  readonly transferSyntaxUid: string;
  readonly pixel: JsonDataSet;
  readonly defaults: JsonDataSet;
  /** What stands for the BulkDataURI. */
  readonly content: BulkContent;
}

/**
 * Makes an instance of one data set of a Store request's metadata and the bulk data it refers to (PS3.18 §10.5.2). Compressed
 * images and videos become encapsulated pixel data whose Image Pixel Description is theirs, documents an encapsulated document.
 *
 * Throws `bulk-data-missing`, `identifier-missing`, `malformed` and `unsupported-media-type`.
 */
export async function composeInstance(
  metadata: JsonDataSet,
  bulk: BulkParts,
): Promise<ComposedInstance> {
  const wrapping = await findWrapping(metadata, bulk);
  const { dataSet, coerced } = described(metadata, wrapping);
  const pieces = composeDataSet(dataSet, (uri, tag) => {
    if (tag === pixelDataTag || tag === documentTag) {
      if (dataSet[tagHex(tag)]?.BulkDataURI === uri) return wrapping.content;
    }
    return valueOf(bulk.partsOf(uri), tag);
  });
  const { transferSyntaxUid } = wrapping;
  const head = writeFileMeta({
    transferSyntaxUid,
    sopClassUid: requireUid(dataSet, sopClassUidTag),
    sopInstanceUid: requireUid(dataSet, sopInstanceUidTag),
  });
  return { pieces: [head, ...pieces], coerced };
}

async function findWrapping(metadata: JsonDataSet, bulk: BulkParts): Promise<Wrapping> {
  const none = { transferSyntaxUid: explicitVrLittleEndianUid, pixel: {}, defaults: {} };
  for (const tag of [pixelDataTag, documentTag]) {
    const uri = metadata[tagHex(tag)]?.BulkDataURI;
    if (uri === undefined) continue;
    const parts = bulk.partsOf(uri);
    const media = bulkMedia.get(parts[0].mediaType.type);
    if (tag === documentTag) {
      const content = valueOf(parts, tag);
      const isDocument = media?.kind === 'document';
      return {
        ...none,
        content,
        defaults: isDocument ? await wrapDocument(media, parts[0], bulk) : {},
      };
    }
    return media?.kind === 'pixels'
      ? wrapPixels(media, parts, bulk)
      : { ...none, ...plainPixels(metadata, parts) };
  }
  return { ...none, content: { kind: 'fragments', ranges: [] } };
}

async function wrapPixels(
  media: BulkMedia & { readonly kind: 'pixels' },
  parts: readonly [BulkPart, ...BulkPart[]],
  bulk: BulkParts,
): Promise<Wrapping> {
  const frames: MediaDescription[] = [];
  for (const part of parts) {
    const { position, length, ...frame } = await media.describe(bulk.source(part));
    frames.push({ ...frame, position: part.position + position, length });
  }
  const first = frames[0]!;
  if (frames.some(({ transferSyntaxUid: uid }) => uid !== first.transferSyntaxUid)) {
    throw new GantryError('malformed', 'the frames are not in one transfer syntax');
  }
  const frameCount: JsonDataSet =
    frames.length > 1 ? { [numberOfFramesTag]: { vr: 'IS', Value: [frames.length] } } : {};
  return {
    transferSyntaxUid: first.transferSyntaxUid,
    pixel: { ...first.pixel, ...frameCount },
    defaults: {
      ...first.defaults,
      [sopClassUidTag]: { vr: 'UI', Value: [media.sopClassUid] },
      [conversionTypeTag]: { vr: 'CS', Value: ['WSD'] },
    },
    content: { kind: 'fragments', ranges: frames },
  };
}

/** Pixel data whose description is in the metadata: native, or encapsulated where the sender names such a transfer syntax. */
function plainPixels(
  metadata: JsonDataSet,
  parts: readonly [BulkPart, ...BulkPart[]],
): Pick<Wrapping, 'transferSyntaxUid' | 'content'> {
  const named = transferSyntaxOf(parts[0]) ?? transferSyntaxOfMetadata(metadata);
  const { type } = parts[0].mediaType;
  const isBytes = type === 'application/octet-stream';
  if (named !== undefined && named !== '*') {
    const syntax = findTransferSyntax(named);
    if (syntax?.isEncapsulated === true) {
      return { transferSyntaxUid: named, content: { kind: 'fragments', ranges: parts } };
    }
    if (syntax?.isBigEndian !== false || syntax.isDeflated) {
      throw new GantryError('unsupported-media-type', 'bulk data in its transfer syntax');
    }
  }
  if (!isBytes) throw new GantryError('unsupported-media-type', 'pixel data of that media type');
  return { transferSyntaxUid: explicitVrLittleEndianUid, content: valueOf(parts, pixelDataTag) };
}

function transferSyntaxOfMetadata(metadata: JsonDataSet): string | undefined {
  for (const tag of transferSyntaxTags) {
    const value = metadata[tag]?.Value?.[0];
    if (typeof value === 'string') return value.trim();
  }
  return undefined;
}

async function wrapDocument(
  media: BulkMedia & { readonly kind: 'document' },
  part: BulkPart,
  bulk: BulkParts,
): Promise<JsonDataSet> {
  const { mimeType, sopClassUid } = media;
  if (mimeType === 'application/pdf') {
    const start = await readMedia(bulk.source(part), 0, 5);
    if (start.toString('latin1') !== '%PDF-') throw new GantryError('malformed', 'it is no PDF');
  }
  return {
    [sopClassUidTag]: { vr: 'UI', Value: [sopClassUid] },
    [conversionTypeTag]: { vr: 'CS', Value: ['WSD'] },
    [mimeTypeTag]: { vr: 'LO', Value: [mimeType] },
    [documentLengthTag]: { vr: 'UL', Value: [part.length] },
  };
}

/** One value; several parts of one name are none. */
function valueOf([part, ...others]: readonly [BulkPart, ...BulkPart[]], tag: number): BulkContent {
  if (others.length > 0) {
    throw new GantryError('malformed', `${tagText(tag)} has several parts of one location`);
  }
  return { kind: 'value', range: part };
}

/** The metadata with what the bulk data says of itself, and what that contradicts. */
function described(
  metadata: JsonDataSet,
  { pixel, defaults }: Wrapping,
): { readonly dataSet: JsonDataSet; readonly coerced: JsonDataSet | undefined } {
  const coerced: JsonDataSet = {};
  for (const [tag, element] of Object.entries(pixel)) {
    const given = metadata[tag];
    if (given?.Value === undefined || given.Value.length === 0) continue;
    if (textOf(given) !== textOf(element)) coerced[tag] = given;
  }
  const isCoerced = Object.keys(coerced).length > 0;
  const given = Object.entries(metadata).filter(([tag, { Value: values }]) => {
    return values !== undefined || !(tag in defaults);
  });
  const dataSet = { ...defaults, ...Object.fromEntries(given), ...pixel };
  return { dataSet, coerced: isCoerced ? coerced : undefined };
}

function requireUid(dataSet: JsonDataSet, tag: string): string {
  const value = dataSet[tag]?.Value?.[0];
  if (typeof value === 'string' && value !== '') return value;
  const text = tagText(Number.parseInt(tag, 16));
  throw new GantryError('identifier-missing', `${text} is missing`);
}

/** The first value as text: a number or a code string. */
function textOf({ Value: values }: JsonElement): string {
  const [value] = values ?? [];
  return typeof value === 'string' || typeof value === 'number' ? String(value).trim() : '';
}
