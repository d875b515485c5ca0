import type { AttributeReader } from './attribute-reader.js';
import type { Raster } from './raster.js';

/** Covers what the shutters of a presentation state hide (PS3.3 §C.7.6.11), in the grey that it gives or black. */
export function closeShutters(raster: Raster, attributes: AttributeReader): void {
  const visible = attributes
    .texts('00181600')
    .map((shape) => readShutter(shape, attributes))
    .filter((shutter) => shutter !== undefined);
  if (visible.length === 0) return;
  const { pixels, width, height, channels } = raster;
  const grey = (attributes.number('00181622') ?? 0) >>> 8;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      if (visible.every((isVisible) => isVisible(column + 1, row + 1))) continue;
      const at = (row * width + column) * channels;
      pixels.fill(grey, at, at + channels);
    }
  }
}

/** Whether a pixel (column and row from 1) is seen. */
type Shutter = (column: number, row: number) => boolean;

function readShutter(shape: string, attributes: AttributeReader): Shutter | undefined {
  if (shape === 'RECTANGULAR') {
    const edge = (tag: string, absent: number): number => attributes.number(tag) ?? absent;
    const [left, right] = [edge('00181602', -Infinity), edge('00181604', Infinity)];
    const [upper, lower] = [edge('00181606', -Infinity), edge('00181608', Infinity)];
    return (column, row) => column > left && column < right && row > upper && row < lower;
  }
  if (shape === 'CIRCULAR') {
    const [centerRow, centerColumn] = attributes.numbers('00181610');
    const radius = attributes.number('00181612');
    if (centerRow === undefined || centerColumn === undefined || radius === undefined) {
      return undefined;
    }
    return (column, row) => Math.hypot(column - centerColumn, row - centerRow) <= radius;
  }
  const vertices = attributes.numbers('00181620').slice(0, verticesMax * 2);
  return shape === 'POLYGONAL' && vertices.length >= 6 ? insidePolygon(vertices) : undefined;
}

const verticesMax = 64;

/** Vertices are row and column in turns. */
function insidePolygon(vertices: readonly number[]): Shutter {
  const count = vertices.length >> 1;
  return (column, row) => {
    let isInside = false;
    for (let n = 0, last = count - 1; n < count; last = n++) {
      const [rowA, columnA] = [vertices[2 * n]!, vertices[2 * n + 1]!];
      const [rowB, columnB] = [vertices[2 * last]!, vertices[2 * last + 1]!];
      const isBetween = rowA > row !== rowB > row;
      const crossing = columnA + ((row - rowA) * (columnB - columnA)) / (rowB - rowA);
      if (isBetween && column < crossing) isInside = !isInside;
    }
    return isInside;
  };
}
