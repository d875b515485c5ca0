import { GantryError } from '#engine/base/error-catalogue.js';
import type { Raster } from './raster.js';
import type { Region, Viewport } from './rendering.js';

/** How an image is turned before it is shown: flipped first, then rotated clockwise (PS3.3 §C.10.6). */
export interface Orientation {
  readonly isFlippedHorizontally: boolean;
  readonly isFlippedVertically: boolean;
  readonly rotation: 0 | 90 | 180 | 270;
}

export const upright: Orientation = {
  isFlippedHorizontally: false,
  isFlippedVertically: false,
  rotation: 0,
};

/** Which part of an image is shown, how it is turned, and how large it becomes. */
export interface Geometry {
  /** In pixels of the image. */
  readonly region: Region;
  readonly orientation: Orientation;
  /** Size of the result. */
  readonly width: number;
  readonly height: number;
}

export interface ShownImage {
  readonly width: number;
  readonly height: number;
  readonly orientation: Orientation;
  /** What a presentation state shows of it; by default the image as a whole. */
  readonly displayedArea?: Region;
  /** Height of a pixel divided by its width. */
  readonly pixelAspect: number;
}

/** Largest width or height of a result: what WebP can hold, JPEG can hold more. */
const sideMax = 16_383;

/**
 * PS3.18 §8.3.5.1.3: the region is made as large as fits into the viewport without distortion; without a viewport one pixel of
 * the image is one of the result. Throws `bad-request` when the region or the result is out of bounds.
 */
export function planGeometry(
  image: ShownImage,
  viewport: Viewport | undefined,
  { isNeverEnlarged, pixelsMax }: { readonly isNeverEnlarged: boolean; readonly pixelsMax: number },
): Geometry {
  const whole = { x: 0, y: 0, width: image.width, height: image.height };
  const region = sourceRegion(image, viewport) ?? image.displayedArea ?? whole;
  const overlaps =
    region.width > 0 &&
    region.height > 0 &&
    region.x < image.width &&
    region.y < image.height &&
    region.x + region.width > 0 &&
    region.y + region.height > 0;
  if (!overlaps) throw new GantryError('bad-request', 'the region lies outside the image');
  const isTurned = image.orientation.rotation % 180 !== 0;
  const tall = region.height * (viewport === undefined ? 1 : image.pixelAspect);
  const [width, height] = isTurned ? [tall, region.width] : [region.width, tall];
  const fitting =
    viewport === undefined ? 1 : Math.min(viewport.width / width, viewport.height / height);
  const scale = isNeverEnlarged ? Math.min(1, fitting) : fitting;
  const size = {
    width: Math.max(1, Math.round(width * scale)),
    height: Math.max(1, Math.round(height * scale)),
  };
  const isTooLarge =
    Math.max(size.width, size.height, region.width, region.height) > sideMax ||
    size.width * size.height > pixelsMax ||
    region.width * region.height > pixelsMax;
  if (isTooLarge) throw new GantryError('bad-request', 'the picture would be too large');
  const flips = viewport ?? upright;
  return { ...size, region, orientation: withFlips(image.orientation, flips) };
}

function sourceRegion(image: ShownImage, viewport: Viewport | undefined): Region | undefined {
  if (viewport?.source === undefined) return undefined;
  const { x, y, width = image.width - x, height = image.height - y } = viewport.source;
  return { x, y, width, height };
}

/** The same turn with the result flipped: behind a quarter turn the axes of the image have changed places. */
function withFlips(
  orientation: Orientation,
  flips: Pick<Orientation, 'isFlippedHorizontally' | 'isFlippedVertically'>,
): Orientation {
  const isTurned = orientation.rotation % 180 !== 0;
  const [horizontally, vertically] = isTurned
    ? [flips.isFlippedVertically, flips.isFlippedHorizontally]
    : [flips.isFlippedHorizontally, flips.isFlippedVertically];
  return {
    rotation: orientation.rotation,
    isFlippedHorizontally: orientation.isFlippedHorizontally !== horizontally,
    isFlippedVertically: orientation.isFlippedVertically !== vertically,
  };
}

/** The region, turned, before it is scaled; black where it reaches beyond the raster. The raster itself where it is all of it. */
export function cutAndTurn(raster: Raster, { region, orientation }: Geometry): Raster {
  const { pixels, width, height, channels } = raster;
  const isWhole =
    region.x === 0 && region.y === 0 && region.width === width && region.height === height;
  if (isWhole && isUpright(orientation)) return raster;
  const isTurned = orientation.rotation % 180 !== 0;
  const [outWidth, outHeight] = isTurned
    ? [region.height, region.width]
    : [region.width, region.height];
  const result = new Uint8Array(outWidth * outHeight * channels);
  const toOutput = turnedPoint(region, orientation);
  for (let row = Math.max(0, region.y); row < Math.min(height, region.y + region.height); row++) {
    const first = Math.max(0, region.x);
    const end = Math.min(width, region.x + region.width);
    for (let column = first; column < end; column++) {
      const [x, y] = toOutput(column + 0.5, row + 0.5);
      const to = (Math.floor(y) * outWidth + Math.floor(x)) * channels;
      const from = (row * width + column) * channels;
      for (let channel = 0; channel < channels; channel++) {
        result[to + channel] = pixels[from + channel]!;
      }
    }
  }
  return { pixels: result, width: outWidth, height: outHeight, channels };
}

/** Where a point of the image, in its pixels, comes to lie in the result. */
export function pointMapping(geometry: Geometry): (x: number, y: number) => [number, number] {
  const { region, orientation, width, height } = geometry;
  const isTurned = orientation.rotation % 180 !== 0;
  const toTurned = turnedPoint(region, orientation);
  const scaleX = width / (isTurned ? region.height : region.width);
  const scaleY = height / (isTurned ? region.width : region.height);
  return (x, y) => {
    const [turnedX, turnedY] = toTurned(x, y);
    return [turnedX * scaleX, turnedY * scaleY];
  };
}

function turnedPoint(
  region: Region,
  { isFlippedHorizontally, isFlippedVertically, rotation }: Orientation,
): (x: number, y: number) => [number, number] {
  const { width, height } = region;
  return (imageX, imageY) => {
    const x = isFlippedHorizontally ? width - (imageX - region.x) : imageX - region.x;
    const y = isFlippedVertically ? height - (imageY - region.y) : imageY - region.y;
    if (rotation === 90) return [height - y, x];
    if (rotation === 180) return [width - x, height - y];
    return rotation === 270 ? [y, width - x] : [x, y];
  };
}

function isUpright({ isFlippedHorizontally, isFlippedVertically, rotation }: Orientation): boolean {
  return !isFlippedHorizontally && !isFlippedVertically && rotation === 0;
}
