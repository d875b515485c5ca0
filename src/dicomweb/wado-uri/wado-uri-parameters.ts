import { GantryError } from '#engine/base/error-catalogue.js';
import type { RenderParameters, Viewport } from '#engine/codec/render/rendering.js';
import { acceptedMedia, type AcceptedMedia } from '#src/http/accept.js';
import { queryParameter, type QueryParameters } from '#src/http/query-string.js';
import { requireUid } from '../dicomweb-service.js';
import {
  parseAnnotations,
  parseQuality,
  toWindow,
  type PictureParameters,
} from '../wado/rendered-parameters.js';

/** UIDs of the object that a request names (PS3.18 §9.1.2.1). */
export interface WadoUriObject {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
}

/** Throws `bad-request` naming the parameter that is missing or no UID. */
export function parseWadoUriObject(query: QueryParameters): WadoUriObject {
  const uid = (name: string): string => {
    const value = queryParameter(query, name);
    if (value === undefined) throw new GantryError('bad-request', `${name} is missing`);
    return requireUid(value, name);
  };
  if (queryParameter(query, 'requestType') !== 'WADO') {
    throw new GantryError('bad-request', 'requestType is WADO');
  }
  return {
    studyInstanceUid: uid('studyUID'),
    seriesInstanceUid: uid('seriesUID'),
    sopInstanceUid: uid('objectUID'),
  };
}

/** The presentation state that an image is to be shown with (§9.1.2.2.11), in the study of the image. */
export function parsePresentationState(
  query: QueryParameters,
): Omit<WadoUriObject, 'studyInstanceUid'> | undefined {
  const instance = queryParameter(query, 'presentationUID');
  const series = queryParameter(query, 'presentationSeriesUID');
  if (instance === undefined && series === undefined) return undefined;
  return {
    seriesInstanceUid: requireUid(series ?? '', 'presentationSeriesUID'),
    sopInstanceUid: requireUid(instance ?? '', 'presentationUID'),
  };
}

/** What the client accepts: `contentType` (§9.1.2.1.2), without it what its Accept header says. */
export function acceptedContentTypes(
  header: string | undefined,
  query: QueryParameters,
): AcceptedMedia[] {
  const contentType = queryParameter(query, 'contentType');
  if (contentType === undefined) return acceptedMedia(header, []);
  return acceptedMedia(header, [['accept', contentType]]).filter(({ isFromQuery }) => isFromQuery);
}

/** The frame asked for; 1-based. */
export function parseFrameNumber(query: QueryParameters): number | undefined {
  const text = queryParameter(query, 'frameNumber');
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw invalid('frameNumber is an integer from 1');
  return Number(text);
}

/** Size of an image in its pixels. */
export interface ImageSize {
  readonly rows: number;
  readonly columns: number;
}

/** The parameters of a rendered image (§9.1.2.2). Throws `bad-request`. */
export function parseWadoUriPicture(
  query: QueryParameters,
  { size, qualityDefault }: { readonly size: ImageSize; readonly qualityDefault: number },
): PictureParameters {
  const viewport = parseViewport(query, size);
  const window = parseWindow(query);
  return {
    quality: parseQuality(queryParameter(query, 'imageQuality')) ?? qualityDefault,
    ...(window === undefined ? {} : { window }),
    ...(viewport === undefined ? {} : { viewport }),
    isNeverEnlarged: false,
    annotations: parseAnnotations(queryParameter(query, 'annotation')),
    iccProfile: 'no',
  };
}

function parseWindow(query: QueryParameters): RenderParameters['window'] {
  const center = queryParameter(query, 'windowCenter');
  const width = queryParameter(query, 'windowWidth');
  if (center === undefined && width === undefined) return undefined;
  return toWindow(center ?? '', width ?? '', 'linear');
}

/** `rows` and `columns` bound the picture; `region` is a part of the image, from 0 to 1 in both directions. */
function parseViewport(query: QueryParameters, size: ImageSize): Viewport | undefined {
  const [rows, columns] = [parseSide(query, 'rows'), parseSide(query, 'columns')];
  const region = queryParameter(query, 'region');
  if (rows === undefined && columns === undefined && region === undefined) return undefined;
  const source = region === undefined ? undefined : parseRegion(region, size);
  const isUnbounded = rows === undefined && columns === undefined;
  return {
    width: columns ?? (isUnbounded ? (source?.width ?? size.columns) : unbounded),
    height: rows ?? (isUnbounded ? (source?.height ?? size.rows) : unbounded),
    ...(source === undefined ? {} : { source }),
    isFlippedHorizontally: false,
    isFlippedVertically: false,
  };
}

/** Of a picture whose other side alone is bounded. */
const unbounded = 1_000_000;

function parseSide(query: QueryParameters, name: string): number | undefined {
  const text = queryParameter(query, name);
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,4}$/.test(text)) throw invalid(`${name} is an integer from 1`);
  return Number(text);
}

function parseRegion(
  text: string,
  { rows, columns }: ImageSize,
): Required<NonNullable<Viewport['source']>> {
  const edges = text.split(',').map((edge) => (/^[0-9.]{1,12}$/.test(edge) ? Number(edge) : NaN));
  const [left = 0, top = 0, right = 0, bottom = 0] = edges;
  const isInside = edges.length === 4 && edges.every((edge) => edge >= 0 && edge <= 1);
  if (!isInside || left >= right || top >= bottom) {
    throw invalid('region is left, top, right and bottom, from 0 to 1');
  }
  const [x, y] = [Math.floor(left * columns), Math.floor(top * rows)];
  return {
    x,
    y,
    width: Math.max(1, Math.ceil(right * columns) - x),
    height: Math.max(1, Math.ceil(bottom * rows) - y),
  };
}

function invalid(detail: string): GantryError {
  return new GantryError('bad-request', detail);
}
