import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { PictureSubject } from '#engine/engine-types.js';
import { Renderer, type RendererParts } from '#engine/pipeline/render-instance.js';
import { instanceRecord } from '#test/helpers/record-builder.js';

const parameters = {
  format: 'gif',
  quality: 90,
  isNeverEnlarged: false,
  annotations: [],
  iccProfile: 'no',
} as const;

function rendererOf(framePixelsMax: number): Renderer {
  const codecPool = { renderPicture: () => Promise.resolve(Uint8Array.of(1)) };
  const parts = { codecPool } as unknown as RendererParts;
  return new Renderer(parts, { framePixelsMax, pictureCacheBytes: 0 });
}

function subjectOf(rows: number, columns: number): PictureSubject {
  const attributes = {
    '00280010': { vr: 'US', Value: [rows] },
    '00280011': { vr: 'US', Value: [columns] },
  };
  const image = { ...instanceRecord('1', '2', '3', 1), attributes };
  return { partition: 0, image, state: undefined, frameCount: 1000, representativeFrame: 1 };
}

const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

test('the frames of an animation have no more samples than a frame may have, also when a list names them', async () => {
  const renderer = rendererOf(3 * 100 * 100 * 5);
  const subject = subjectOf(100, 100);
  assert.equal(renderer.animationFrames(subject).length, 5);
  assert.equal((await renderer.renderPicture(subject, numbersTo(5), parameters)).length, 1);
  const isRefused = (error: unknown): boolean =>
    error instanceof GantryError && error.code === 'bad-request';
  await assert.rejects(renderer.renderPicture(subject, numbersTo(6), parameters), isRefused);
  // The same frame again is as much to hold.
  const repeated = Array.from({ length: 6 }, () => 1);
  await assert.rejects(renderer.renderPicture(subject, repeated, parameters), isRefused);
  assert.equal((await renderer.renderPicture(subjectOf(5000, 5000), [7], parameters)).length, 1);
  const most = numbersTo(limits.animationFramesMax + 1);
  await assert.rejects(rendererOf(1e9).renderPicture(subjectOf(1, 1), most, parameters), isRefused);
});
