import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { decodeRle, encodeRle } from '#engine/codec/rle.js';
import {
  nativeFrameBytes,
  type ImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import { imageOf } from '#test/helpers/image-frames.js';

const images: fc.Arbitrary<ImagePixelDescription> = fc
  .record({
    rows: fc.integer({ min: 1, max: 9 }),
    columns: fc.integer({ min: 1, max: 300 }),
    samplesPerPixel: fc.constantFrom(1, 3),
    planarConfiguration: fc.constantFrom(0 as const, 1 as const),
    bitsAllocated: fc.constantFrom(1 as const, 8 as const, 16 as const, 32 as const),
  })
  .map((changes) => imageOf(changes));

/** Runs of equal bytes between single ones, which is what the packing is about. */
const pieces = fc.array(
  fc.record({ value: fc.integer({ min: 0, max: 255 }), count: fc.integer({ min: 1, max: 300 }) }),
  { minLength: 1, maxLength: 40 },
);

function fill(image: ImagePixelDescription, runs: readonly { value: number; count: number }[]) {
  const frame = new Uint8Array(nativeFrameBytes(image));
  for (let at = 0, n = 0; at < frame.length; n++) {
    const { value, count } = runs[n % runs.length]!;
    frame.fill(value + n, at, at + count);
    at += count;
  }
  return frame;
}

test('PS3.5 Annex G: what is packed comes back', () => {
  fc.assert(
    fc.property(images, pieces, (image, runs) => {
      const frame = fill(image, runs);
      const codestream = encodeRle(frame, image);
      assert.equal(codestream.length % 2, 0);
      assert.deepEqual(decodeRle(codestream, image), frame);
    }),
  );
});

test('bytes that are no RLE give an error of the catalogue or a frame of the right length', () => {
  const mutations = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
    maxLength: 6,
  });
  fc.assert(
    fc.property(images, pieces, mutations, fc.nat(), (image, runs, changes, cut) => {
      const codestream = encodeRle(fill(image, runs), image);
      for (const [at, value] of changes) codestream[at % codestream.length] = value;
      const kept = codestream.subarray(0, codestream.length - (cut % 3));
      try {
        assert.equal(decodeRle(kept, image).length, nativeFrameBytes(image));
      } catch (error) {
        assert.ok(error instanceof GantryError, String(error));
        assert.equal(error.code, 'corrupt');
      }
    }),
  );
});
