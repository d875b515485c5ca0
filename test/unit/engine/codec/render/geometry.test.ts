import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  cutAndTurn,
  planGeometry,
  pointMapping,
  upright,
  type Orientation,
} from '#engine/codec/render/geometry.js';

const bounds = { isNeverEnlarged: false, pixelsMax: 1_000_000 };
const plain = { width: 3, height: 2, orientation: upright, pixelAspect: 1 };
const unflipped = { isFlippedHorizontally: false, isFlippedVertically: false };
const raster = {
  pixels: Uint8Array.of(1, 2, 3, 4, 5, 6),
  width: 3,
  height: 2,
  channels: 1,
} as const;

test('the picture is as large as fits, without distortion; pixels that are not square are made so', () => {
  const square = planGeometry(plain, { width: 30, height: 30, ...unflipped }, bounds);
  assert.deepEqual([square.width, square.height], [30, 20]);
  const tall = { ...plain, pixelAspect: 2 };
  const corrected = planGeometry(tall, { width: 30, height: 30, ...unflipped }, bounds);
  assert.deepEqual([corrected.width, corrected.height], [23, 30]);
  const asStored = planGeometry(tall, undefined, bounds);
  assert.deepEqual([asStored.width, asStored.height], [3, 2]);
  const small = { ...bounds, isNeverEnlarged: true };
  assert.equal(planGeometry(plain, { width: 30, height: 30, ...unflipped }, small).width, 3);
});

test('turns of a presentation state, and flips of a viewport behind them', () => {
  const turned = (orientation: Partial<Orientation>): number[] => {
    const geometry = planGeometry(
      { ...plain, orientation: { ...upright, ...orientation } },
      undefined,
      bounds,
    );
    return [...cutAndTurn(raster, geometry).pixels];
  };
  assert.deepEqual(turned({ rotation: 90 }), [4, 1, 5, 2, 6, 3]);
  assert.deepEqual(turned({ rotation: 180 }), [6, 5, 4, 3, 2, 1]);
  assert.deepEqual(turned({ rotation: 270 }), [3, 6, 2, 5, 1, 4]);
  assert.deepEqual(turned({ isFlippedHorizontally: true }), [3, 2, 1, 6, 5, 4]);
  const image = { ...plain, orientation: { ...upright, rotation: 90 as const } };
  const viewport = { width: 2, height: 3, isFlippedHorizontally: true, isFlippedVertically: false };
  const geometry = planGeometry(image, viewport, bounds);
  assert.deepEqual([...cutAndTurn(raster, geometry).pixels], [1, 4, 2, 5, 3, 6]);
  assert.deepEqual(pointMapping(geometry)(0, 0), [0, 0]);
});

test('a displayed area beyond the image is black there', () => {
  const displayedArea = { x: -1, y: 1, width: 3, height: 2 };
  const geometry = planGeometry({ ...plain, displayedArea }, undefined, bounds);
  assert.deepEqual([...cutAndTurn(raster, geometry).pixels], [0, 4, 5, 0, 0, 0]);
});

test('regions and sizes out of bounds are refused before memory is taken', () => {
  const regions = [
    { x: 3, y: 0, width: 1, height: 1 },
    { x: 0, y: 0, width: 40_000, height: 1 },
    { x: 0, y: 0, width: 2_000, height: 2_000 },
  ];
  for (const source of regions) {
    const viewport = { width: 10, height: 10, source, ...unflipped };
    assert.throws(() => planGeometry(plain, viewport, bounds), { code: 'bad-request' });
  }
  const huge = { width: 99_999, height: 99_999, ...unflipped };
  assert.throws(() => planGeometry(plain, huge, bounds), { code: 'bad-request' });
});
