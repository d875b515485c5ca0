import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawOverlay, readOverlayPlanes } from '#engine/codec/render/overlay-plane.js';
import { attributesOf } from '#test/helpers/attributes.js';

const samples = { cells: Uint16Array.of(0x8000, 0, 0, 0x8000), bitsStored: 12, isSigned: false };
const us = (...Value: number[]): { vr: string; Value: number[] } => ({ vr: 'US', Value });

function drawn(dataSet: Parameters<typeof attributesOf>[0], frameNumber = 1): number[] {
  const raster = { pixels: new Uint8Array(4), width: 2, height: 2, channels: 1 } as const;
  const planes = readOverlayPlanes(
    attributesOf(dataSet),
    { samples, columns: 2, frameNumber },
    () => true,
  );
  for (const plane of planes) drawOverlay(raster, plane);
  return [...raster.pixels];
}

const shape = { '60020010': us(2), '60020011': us(2), '60020050': { vr: 'SS', Value: [1, 1] } };
const bits = (byte: number): { vr: string; InlineBinary: string } => ({
  vr: 'OW',
  InlineBinary: Buffer.from([byte, 0]).toString('base64'),
});

test('PS3.3 §C.9.2 a bitmap, the first pixel in the lowest bit', () => {
  assert.deepEqual(drawn({ ...shape, '60023000': bits(0b0110) }), [0, 255, 255, 0]);
});

test('an origin outside the image cuts the overlay', () => {
  const moved = { ...shape, '60020050': { vr: 'SS', Value: [0, 2] }, '60023000': bits(0b1111) };
  assert.deepEqual(drawn(moved), [0, 255, 0, 0]);
});

test('overlays of frames, and of the bits of samples that are not used', () => {
  const frames = { ...shape, '60020015': { vr: 'IS', Value: [2] }, '60023000': bits(0b0010_1000) };
  assert.deepEqual(drawn(frames, 1), [0, 0, 0, 255]);
  assert.deepEqual(drawn(frames, 2), [0, 255, 0, 0]);
  assert.deepEqual(drawn(frames, 3), [0, 0, 0, 0]);
  assert.deepEqual(drawn({ ...shape, '60020102': us(15) }), [255, 0, 0, 255]);
});

test('data shorter than the overlay is no overlay beyond its end', () => {
  const large = { ...shape, '60020010': us(9000), '60020011': us(9000), '60023000': bits(0xff) };
  assert.deepEqual(drawn(large), [255, 255, 0, 0]);
});
