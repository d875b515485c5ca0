import assert from 'node:assert/strict';
import { test } from 'node:test';
import { expandYbr422, toRgb8 } from '#engine/codec/render/colour.js';
import { readFrameSamples } from '#engine/codec/render/frame-samples.js';
import { imageOf } from '#test/helpers/image-frames.js';

const pixel = imageOf({ rows: 1, columns: 1, samplesPerPixel: 3, bitsAllocated: 8 });

function rgbOf(frame: number[], changes: Partial<typeof pixel>, photometric: string): number[] {
  const image = { ...pixel, ...changes };
  return [...toRgb8(readFrameSamples(Uint8Array.from(frame), image), image, photometric)];
}

test('PS3.3 §C.7.6.3.1.2 YBR_FULL and YBR_PARTIAL to RGB', () => {
  assert.deepEqual(rgbOf([76, 85, 255], {}, 'YBR_FULL'), [254, 0, 0]);
  assert.deepEqual(rgbOf([255, 128, 128], {}, 'YBR_FULL_422'), [255, 255, 255]);
  assert.deepEqual(rgbOf([235, 128, 128], {}, 'YBR_PARTIAL_422'), [255, 255, 255]);
  assert.deepEqual(rgbOf([16, 128, 128], {}, 'YBR_PARTIAL_422'), [0, 0, 0]);
});

test('planes, and samples of more or fewer than 8 bits', () => {
  const planar = { columns: 2, planarConfiguration: 1 } as const;
  assert.deepEqual(rgbOf([1, 2, 3, 4, 5, 6], planar, 'RGB'), [1, 3, 5, 2, 4, 6]);
  const deep = { bitsAllocated: 16, bitsStored: 12 } as const;
  assert.deepEqual(rgbOf([0xff, 0x0f, 0x00, 0x08, 0, 0], deep, 'RGB'), [255, 128, 0]);
  assert.deepEqual(rgbOf([15, 8, 0], { bitsStored: 4 }, 'RGB'), [255, 136, 0]);
});

test('groups of two pixels share their chroma, also an odd one', () => {
  assert.deepEqual(
    [...expandYbr422(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8), 3)],
    [1, 3, 4, 2, 3, 4, 5, 7, 8],
  );
});
