import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeJpegLossless } from '#engine/codec/encode-jpeg-lossless.js';
import { readJpegHeader } from '#engine/codec/jpeg-header.js';
import { buildHuffmanCode } from '#engine/codec/jpeg-huffman-code.js';
import { decodeJpegLossless } from '#engine/codec/jpeg-lossless.js';

test('ISO 10918-1 Annex H: any samples come back', () => {
  const images = fc
    .record({
      rows: fc.integer({ min: 1, max: 9 }),
      columns: fc.integer({ min: 1, max: 9 }),
      componentCount: fc.constantFrom(1, 3),
      precision: fc.integer({ min: 2, max: 16 }),
    })
    .chain((shape) => {
      const length = shape.rows * shape.columns * shape.componentCount;
      const sample = fc.integer({ min: 0, max: 2 ** shape.precision - 1 });
      return fc
        .array(sample, { minLength: length, maxLength: length })
        .map((samples) => ({ ...shape, samples: Uint16Array.from(samples) }));
    });
  fc.assert(
    fc.property(images, (image) => {
      const codestream = encodeJpegLossless(image);
      assert.deepEqual(decodeJpegLossless(codestream, readJpegHeader(codestream)), image.samples);
    }),
    { numRuns: 300 },
  );
});

test('§C.2: codes are of 16 bits at most, and none consists of ones alone', () => {
  const fibonacci = [1, 1];
  while (fibonacci.length < 17) fibonacci.push(fibonacci.at(-1)! + fibonacci.at(-2)!);
  for (const frequencies of [fibonacci, [5], [1, 1], Array.from({ length: 17 }, () => 3)]) {
    const { counts, symbols, codes, lengths } = buildHuffmanCode(frequencies);
    assert.equal(counts.length, 16);
    assert.equal(symbols.length, frequencies.length);
    for (const symbol of symbols) {
      assert.ok(lengths[symbol]! <= 16);
      assert.notEqual(codes[symbol], 2 ** lengths[symbol]! - 1);
    }
  }
});
