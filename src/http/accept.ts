import { GantryError } from '#engine/base/error-catalogue.js';
import { parseMediaTypeList, type MediaType } from '#engine/multipart/media-type.js';
import { queryParameter, queryParameterValues, type QueryParameters } from './query-string.js';

/** One thing a client accepts. */
export interface AcceptedMedia {
  /** Lower case; of a multipart/related the type of its parts. May be a range: an `*` for the subtype, or for both. */
  readonly type: string;
  /** Whether it is to come as multipart/related; undefined leaves the choice to us (ranges). */
  readonly isMultipart: boolean | undefined;
  /** UIDs, or `*` for the stored one, without repeats and in order; empty when the client names none. */
  readonly transferSyntaxes: readonly string[];
  readonly quality: number;
  /** Named by the URL, which goes before what the header says. */
  readonly isFromQuery: boolean;
}

interface TypeAlias {
  readonly type: string;
  /** What the name means when no transfer syntax is named. */
  readonly transferSyntax?: string;
}

/** Names that clients still send for what PS3.18 §8.7.3 calls otherwise. */
const typeAliases: ReadonlyMap<string, TypeAlias> = new Map<string, TypeAlias>([
  ['image/x-jls', { type: 'image/jls' }],
  ['image/jll', { type: 'image/jpeg', transferSyntax: '1.2.840.10008.1.2.4.70' }],
  ['image/x-dicom-rle', { type: 'image/dicom-rle' }],
  ['image/x-dicom+rle', { type: 'image/dicom-rle' }],
  ['image/rle', { type: 'image/dicom-rle' }],
  ['image/jph', { type: 'image/jphc' }],
  ['image/j2c', { type: 'image/jp2' }],
]);

/**
 * Alternatives that are looked at, of each list, a type in each of several transfer syntaxes being as many: an answer is among the
 * first of them, or a client is playing. Every instance of a response is held against them.
 */
const alternativesMax = 64;

/**
 * What the client accepts, best first (PS3.18 §8.7.8): the `accept` query parameter ranked by itself, then the Accept header. A
 * missing header is a wildcard. Of equal quality, the more specific type comes first, then the one that takes the stored
 * transfer syntax, then the order sent. Alternatives that cannot be understood are left out, as are those of quality 0.
 */
export function acceptedMedia(header: string | undefined, query: QueryParameters): AcceptedMedia[] {
  const transferSyntax = queryParameter(query, 'transfer-syntax');
  const inQuery = queryParameterValues(query, 'accept')
    // A `+` that was not percent-encoded has become a space; types hold none.
    .flatMap((text) => parseMediaTypeList(text.replace(/([a-z0-9]) (?=[a-z0-9])/gi, '$1+')))
    .slice(0, alternativesMax)
    .map((mediaType) => ({ ...toAccepted(mediaType, transferSyntax), isFromQuery: true }));
  const inHeader = parseMediaTypeList(header ?? '*/*')
    .slice(0, alternativesMax)
    .map((mediaType) => toAccepted(mediaType));
  return [...ranked(firstAlternatives(inQuery)), ...ranked(firstAlternatives(inHeader))];
}

function firstAlternatives(list: readonly AcceptedMedia[]): AcceptedMedia[] {
  let left = alternativesMax;
  const kept: AcceptedMedia[] = [];
  for (const media of list) {
    if (left <= 0) break;
    const transferSyntaxes = media.transferSyntaxes.slice(0, left);
    left -= Math.max(1, transferSyntaxes.length);
    kept.push({ ...media, transferSyntaxes });
  }
  return kept;
}

/**
 * The first representation that `represent` has for an accepted medium; it gets ranges as they are and then chooses its
 * default. Throws `not-acceptable`, whose detail names what is `supported`.
 */
export function negotiate<T>(
  accepted: readonly AcceptedMedia[],
  represent: (media: AcceptedMedia) => T | undefined,
  supported: string,
): T {
  for (const media of accepted) {
    const representation = represent(media);
    if (representation !== undefined) return representation;
  }
  throw new GantryError('not-acceptable', `supported are ${supported}`);
}

/** The alternatives in groups that the client likes equally well, best first. */
export function equallyLiked(accepted: readonly AcceptedMedia[]): AcceptedMedia[][] {
  const groups: AcceptedMedia[][] = [];
  for (const media of accepted) {
    const group = groups.at(-1);
    const isPeer =
      group?.[0]?.quality === media.quality && group[0].isFromQuery === media.isFromQuery;
    if (isPeer) group.push(media);
    else groups.push([media]);
  }
  return groups;
}

/** Whether the accepted type, or range, covers `type`. */
export function coversType(media: AcceptedMedia, type: string): boolean {
  if (media.type === type || media.type === '*/*') return true;
  return media.type.endsWith('/*') && type.startsWith(media.type.slice(0, -1));
}

function toAccepted(mediaType: MediaType, queryTransferSyntax?: string): AcceptedMedia {
  const isMultipart = mediaType.type.startsWith('multipart/');
  const parameters = (name: string): string[] =>
    mediaType.parameters.filter(([other]) => other === name).map(([, value]) => value);
  const sent = isMultipart ? (parameters('type')[0] ?? '*/*').toLowerCase() : mediaType.type;
  const { type, transferSyntax } = typeAliases.get(sent) ?? { type: sent };
  const named = parameters('transfer-syntax');
  if (named.length === 0) named.push(queryTransferSyntax ?? transferSyntax ?? '');
  return {
    type,
    isMultipart: isMultipart || !type.endsWith('/*') ? isMultipart : undefined,
    transferSyntaxes: [...new Set(named.map((uid) => uid.trim()).filter((uid) => uid !== ''))],
    quality: parseQuality(parameters('q')[0]),
    isFromQuery: false,
  };
}

/** RFC 9110 §12.4.2; what is no number counts as absent. */
function parseQuality(text: string | undefined): number {
  if (text === undefined || !/^[0-9]*\.?[0-9]+$/.test(text)) return 1;
  return Math.min(1, Number(text));
}

function ranked(list: readonly AcceptedMedia[]): AcceptedMedia[] {
  return list
    .filter((media) => media.quality > 0)
    .sort(
      (a, b) =>
        b.quality - a.quality ||
        specificity(b) - specificity(a) ||
        Number(takesStored(b)) - Number(takesStored(a)),
    );
}

function specificity(media: AcceptedMedia): number {
  if (media.type === '*/*') return media.isMultipart === true ? 1 : 0;
  return media.type.endsWith('/*') ? 2 : 3;
}

function takesStored(media: AcceptedMedia): boolean {
  return media.transferSyntaxes.includes('*');
}
