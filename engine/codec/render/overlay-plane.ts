import type { AttributeReader } from './attribute-reader.js';
import type { FrameSamples } from './frame-samples.js';
import type { Raster } from './raster.js';

/** An overlay of PS3.3 §C.9.2, a bitmap over the image. */
export interface OverlayPlane {
  readonly rows: number;
  readonly columns: number;
  /** Position of its first pixel in the image, from 0; may be negative. */
  readonly top: number;
  readonly left: number;
  isSet(row: number, column: number): boolean;
}

/** Overlays are in the even groups 6000 to 601E. */
const groups = Array.from({ length: 16 }, (_, n) => (0x6000 + 2 * n).toString(16).toUpperCase());

/** Overlays of one frame that are asked for by `isShown`; those that lie in unused bits of the samples too. */
export function readOverlayPlanes(
  attributes: AttributeReader,
  { samples, columns, frameNumber }: OverlaidFrame,
  isShown: (group: string) => boolean,
): OverlayPlane[] {
  return groups.flatMap((group) => {
    const number = (element: string, absent: number): number =>
      attributes.number(group + element) ?? absent;
    const shape = { rows: number('0010', 0), columns: number('0011', 0) };
    if (!isShown(group) || shape.rows < 1 || shape.columns < 1) return [];
    const [top = 1, left = 1] = attributes.numbers(`${group}0050`);
    const frameIndex = frameNumber - number('0051', 1);
    if (frameIndex < 0 || frameIndex >= number('0015', Infinity)) return [];
    const data = attributes.bytes(`${group}3000`);
    const place = { ...shape, top: top - 1, left: left - 1 };
    if (data === undefined) {
      const bit = number('0102', 0);
      if (bit < samples.bitsStored || bit > 31 || shape.columns !== columns) return [];
      const isSet = (row: number, column: number): boolean =>
        ((samples.cells[row * columns + column]! >>> bit) & 1) === 1;
      return [{ ...place, isSet }];
    }
    const firstBit = attributes.has(`${group}0015`) ? frameIndex * shape.rows * shape.columns : 0;
    const isSet = (row: number, column: number): boolean => {
      const bit = firstBit + row * shape.columns + column;
      return ((data[Math.floor(bit / 8)]! >> (bit % 8)) & 1) === 1;
    };
    return [{ ...place, isSet }];
  });
}

interface OverlaidFrame {
  readonly samples: FrameSamples;
  readonly columns: number;
  readonly frameNumber: number;
}

/** Draws an overlay in white; the raster has the size of the image. */
export function drawOverlay(
  { pixels, width, height, channels }: Raster,
  plane: OverlayPlane,
): void {
  const firstRow = Math.max(0, -plane.top);
  const endRow = Math.min(plane.rows, height - plane.top);
  const firstColumn = Math.max(0, -plane.left);
  const endColumn = Math.min(plane.columns, width - plane.left);
  for (let row = firstRow; row < endRow; row++) {
    for (let column = firstColumn; column < endColumn; column++) {
      if (!plane.isSet(row, column)) continue;
      const at = ((plane.top + row) * width + plane.left + column) * channels;
      pixels.fill(255, at, at + channels);
    }
  }
}
