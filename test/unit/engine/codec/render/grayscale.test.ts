import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  readFloatSamples,
  readFrameSamples,
  sampleValue,
} from '#engine/codec/render/frame-samples.js';
import { fittingVoi, toGrey8 } from '#engine/codec/render/grayscale.js';
import { readModalityTransform } from '#engine/codec/render/modality-lut.js';
import { ramp } from '#engine/codec/render/voi-lut.js';
import { attributesOf, inlineWords } from '#test/helpers/attributes.js';
import { imageOf } from '#test/helpers/image-frames.js';
import { freshMemory } from '#native-bindings/wasm/wasm-codec.js';

const identity = (value: number): number => value;

test('samples: bits beyond Bits Stored are not part of them, and signs are extended', () => {
  const image = imageOf({ rows: 1, columns: 2, bitsStored: 12, isSigned: true });
  const samples = readFrameSamples(Uint8Array.from([0xff, 0xaf, 0x05, 0x80]), image);
  assert.deepEqual([...samples.cells].map(sampleValue(samples)), [-1, 5]);
  const wide = imageOf({ rows: 1, columns: 1, bitsAllocated: 32 });
  const unsigned = readFrameSamples(Uint8Array.from([0, 0, 0, 0x80]), wide);
  assert.deepEqual([...unsigned.cells].map(sampleValue(unsigned)), [0x80000000]);
  const single = imageOf({ rows: 1, columns: 9, bitsAllocated: 1 });
  assert.deepEqual(
    [...readFrameSamples(Uint8Array.from([0b101, 1]), single).cells].join(''),
    '101000001',
  );
  const float = readFloatSamples(new Uint8Array(Float32Array.of(-1.5).buffer), 4);
  assert.equal(sampleValue(float)(float.cells[0]!), -1.5);
});

test('PS3.3 §C.11.1 modality: rescale, table, a slope of 0', () => {
  const rescale = attributesOf({
    '00281052': { vr: 'DS', Value: [-1024] },
    '00281053': { vr: 'DS', Value: [2] },
  });
  assert.equal(readModalityTransform([rescale], false)(10), -1004);
  const flat = attributesOf({ '00281053': { vr: 'DS', Value: [0] } });
  assert.equal(readModalityTransform([flat], false)(10), 10);
  const item = { '00283002': { vr: 'US', Value: [2, 1, 16] }, '00283006': inlineWords([7, 9]) };
  const table = attributesOf({ '00283000': { vr: 'SQ', Value: [item] } });
  assert.deepEqual([0, 1, 2, 3].map(readModalityTransform([table], false)), [7, 7, 9, 9]);
});

test('a table over all values gives what reckoning each sample gives, wherever they lie and however many there are', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 2, maxLength: 64 }),
      fc.integer({ min: 1, max: 16 }),
      fc.boolean(),
      fc.record({ start: fc.nat(1), extra: fc.nat(3) }),
      (bytes, bitsStored, isSigned, { start, extra }) => {
        const few = new Uint16Array(bytes.slice(0, bytes.length & ~1).buffer);
        const transforms = { modality: identity, voi: ramp(-20, 90), presentation: identity };
        const greyOf = (cells: Uint16Array): Uint8Array =>
          toGrey8({ cells, bitsStored, isSigned }, transforms, freshMemory);
        const oneByOne = Uint8Array.from(few, (cell) => greyOf(Uint16Array.of(cell))[0]!);
        const many = Uint16Array.from(
          { length: 65_540 + extra + start },
          (_, n) => few[n % few.length]!,
        );
        const expected = Uint8Array.from(many, (_, n) => oneByOne[n % few.length]!);
        assert.deepEqual(greyOf(many.subarray(start)), expected.subarray(start));
      },
    ),
    { numRuns: 30 },
  );
});

test('a window that fits leaves padding out, and shows 8 bits as they are', () => {
  const cells = Uint16Array.of(0, 100, 300, 4000);
  const samples = { cells, bitsStored: 16, isSigned: false };
  const padding = { low: 4000, high: 4000 };
  const voi = fittingVoi([samples], identity, { padding, isWholeRange: true });
  assert.deepEqual([0, 150, 300, 4000].map(voi), [0, 0.5, 1, 1]);
  const bytes = { cells: Uint8Array.of(5, 6), bitsStored: 8, isSigned: false };
  const whole = fittingVoi([bytes], identity, { padding: undefined, isWholeRange: true });
  assert.equal(whole(255), 1);
  const flat = { ...samples, cells: Uint16Array.of(7, 7) };
  assert.equal(fittingVoi([flat], identity, { padding, isWholeRange: true })(7), 0);
});
