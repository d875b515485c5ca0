import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { readJpegHeader } from '#engine/codec/jpeg-header.js';
import { decodeJpegLossless } from '#engine/codec/jpeg-lossless.js';
import { encodeJpegLossless } from '#test/helpers/jpeg-lossless-encoder.js';

const decode = (codestream: Uint8Array): Uint16Array =>
  decodeJpegLossless(codestream, readJpegHeader(codestream));

const images = fc
  .record({
    rows: fc.integer({ min: 1, max: 8 }),
    columns: fc.integer({ min: 1, max: 8 }),
    componentCount: fc.constantFrom(1, 3),
    precision: fc.integer({ min: 2, max: 16 }),
  })
  .chain((shape) =>
    fc
      .array(fc.integer({ min: 0, max: 2 ** shape.precision - 1 }), {
        minLength: shape.rows * shape.columns * shape.componentCount,
        maxLength: shape.rows * shape.columns * shape.componentCount,
      })
      .map((samples) => ({ ...shape, samples })),
  );

const options = fc.record({
  predictor: fc.integer({ min: 1, max: 7 }),
  restartLines: fc.integer({ min: 0, max: 3 }),
  isScanPerComponent: fc.boolean(),
});

describe('ISO 10918-1 Annex H JPEG Lossless', () => {
  test('every predictor, precision, restart interval and order of components decodes', () => {
    fc.assert(
      fc.property(images, options, (image, how) => {
        assert.deepEqual([...decode(encodeJpegLossless(image, how))], image.samples);
      }),
      { numRuns: 300 },
    );
  });

  test('a codestream that is cut off anywhere is corrupt', () => {
    const samples = Array.from({ length: 64 }, (_, n) => (n * 997) % 4096);
    const image = { rows: 8, columns: 8, componentCount: 1, precision: 12, samples };
    const codestream = encodeJpegLossless(image, { predictor: 4, restartLines: 3 });
    for (let length = 0; length < codestream.length; length++) {
      assert.throws(() => decode(codestream.subarray(0, length)), { code: 'corrupt' });
    }
  });

  test('changed bytes give an error of the catalogue or samples, never more', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(images, options, changes, (image, how, mutations) => {
        const codestream = encodeJpegLossless(image, how);
        for (const [at, value] of mutations) codestream[at % codestream.length] = value;
        try {
          const header = readJpegHeader(codestream);
          if (header.rows * header.columns > 100_000) return;
          decodeJpegLossless(codestream, header);
        } catch (error) {
          assert.ok(error instanceof GantryError, String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});
