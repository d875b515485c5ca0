import { GantryError } from '#engine/base/error-catalogue.js';
import type { RenderParameters, Viewport, VoiWindow } from '#engine/codec/render/rendering.js';
import { queryParameter, type QueryParameters } from '#src/http/query-string.js';

/** How a picture is to be rendered, but for its format, which is negotiated. */
export type PictureParameters = Omit<RenderParameters, 'format'>;

/** Size that thumbnails fit into where the client names none. */
const thumbnailSide = 256;
const thumbnailQuality = 80;

/** The query parameters of PS3.18 §8.3.5.1. Throws `bad-request` naming the one that is wrong; others are ignored. */
export function parseRenderedParameters(
  query: QueryParameters,
  qualityDefault: number,
): PictureParameters {
  const window = queryParameter(query, 'window');
  const viewport = queryParameter(query, 'viewport');
  return {
    quality: parseQuality(queryParameter(query, 'quality')) ?? qualityDefault,
    ...(window === undefined ? {} : { window: parseWindow(window) }),
    ...(viewport === undefined ? {} : { viewport: parseViewport(viewport) }),
    isNeverEnlarged: false,
    annotations: parseAnnotations(queryParameter(query, 'annotation')),
    iccProfile: parseIccProfile(queryParameter(query, 'iccprofile')),
  };
}

/** The parameters of a thumbnail, PS3.18 §8.3.5.2: only its size can be chosen. */
export function parseThumbnailParameters(query: QueryParameters): PictureParameters {
  const text = queryParameter(query, 'viewport');
  const viewport =
    text === undefined
      ? { width: thumbnailSide, height: thumbnailSide, ...unflipped }
      : parseViewport(text);
  return {
    quality: thumbnailQuality,
    viewport,
    isNeverEnlarged: text === undefined,
    annotations: [],
    iccProfile: 'no',
  };
}

/** 1 to 100; undefined when the parameter is absent. */
export function parseQuality(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const quality = /^[0-9]{1,3}$/.test(text) ? Number(text) : 0;
  if (quality < 1 || quality > 100) throw invalid('quality is an integer from 1 to 100');
  return quality;
}

const unflipped = { isFlippedHorizontally: false, isFlippedVertically: false } as const;
const sizePattern = /^[0-9]{1,5}$/;

/** §8.3.5.1.3: width and height, then the region; a negative extent of the region flips the picture. */
function parseViewport(text: string): Viewport {
  const [width = '', height = '', ...region] = text.split(',').map((item) => item.trim());
  const isSized = [width, height].every((side) => sizePattern.test(side) && Number(side) > 0);
  if (!isSized) throw invalid('viewport begins with a width and a height, at least 1');
  const size = { width: Number(width), height: Number(height) };
  if (region.length === 0) return { ...size, ...unflipped };
  const [x, y, regionWidth, regionHeight] = region.map(parseNumber);
  if (region.length !== 4 || regionWidth === 0 || regionHeight === 0) {
    throw invalid('the region of a viewport is x, y, width and height');
  }
  return {
    ...size,
    isFlippedHorizontally: (regionWidth ?? 1) < 0,
    isFlippedVertically: (regionHeight ?? 1) < 0,
    source: {
      x: Math.round(x ?? 0),
      y: Math.round(y ?? 0),
      ...(regionWidth === undefined ? {} : { width: extent(regionWidth) }),
      ...(regionHeight === undefined ? {} : { height: extent(regionHeight) }),
    },
  };
}

/** A place that is left empty has its default. */
function parseNumber(text: string): number | undefined {
  if (text === '') return undefined;
  const value = /^[+-]?[0-9]{1,6}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : NaN;
  if (Number.isNaN(value)) throw invalid('viewport holds numbers');
  return value;
}

function extent(value: number): number {
  return Math.max(1, Math.round(Math.abs(value)));
}

/** §8.3.5.1.4: center, width, and the function of PS3.3 §C.11.2.1.3. */
function parseWindow(text: string): VoiWindow {
  const [center = '', width = '', name = 'linear', ...rest] = text.split(',').map((s) => s.trim());
  const voiFunction = voiFunctions.find((one) => one === name.toLowerCase().replace('_', '-'));
  if (voiFunction === undefined || rest.length > 0) {
    throw invalid('window is center, width and linear, linear-exact or sigmoid');
  }
  return toWindow(center, width, voiFunction);
}

const voiFunctions = ['linear', 'linear-exact', 'sigmoid'] as const;
const decimalPattern = /^[+-]?[0-9]*\.?[0-9]+(e[+-]?[0-9]{1,2})?$/i;

/** Throws `bad-request` for what is no window: of `linear` the width is at least 1, of the others greater than 0. */
export function toWindow(
  center: string,
  width: string,
  voiFunction: VoiWindow['function'],
): VoiWindow {
  const isNumeric = decimalPattern.test(center) && decimalPattern.test(width);
  const window = { center: Number(center), width: Number(width), function: voiFunction };
  const isWide = voiFunction === 'linear' ? window.width >= 1 : window.width > 0;
  if (!isNumeric || !isWide) throw invalid('the center or width of the window is not usable');
  return window;
}

/** Values that we do not know are for others. */
export function parseAnnotations(text: string | undefined): RenderParameters['annotations'] {
  const wanted = (text ?? '').split(',').map((value) => value.trim().toLowerCase());
  return (['patient', 'technique'] as const).filter((value) => wanted.includes(value));
}

function parseIccProfile(text: string | undefined): RenderParameters['iccProfile'] {
  const value = (text ?? 'no').toLowerCase();
  const known = (['no', 'yes', 'srgb', 'displayp3'] as const).find((one) => one === value);
  if (known === undefined) throw invalid('iccprofile is no, yes, srgb or displayp3');
  return known;
}

function invalid(detail: string): GantryError {
  return new GantryError('bad-request', detail);
}
