import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paletteToRgb8 } from '#engine/codec/render/palette-colour.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { attributesOf, inlineWords } from '#test/helpers/attributes.js';

const samples = { cells: Uint8Array.of(0, 1, 2, 9), bitsStored: 8, isSigned: false };

function palette(
  descriptor: number[],
  data: { vr: string; InlineBinary: string },
  kind = '120',
): ReturnType<typeof attributesOf> {
  const dataSet: JsonDataSet = {};
  for (const n of ['1', '2', '3']) {
    dataSet[`0028110${n}`] = { vr: 'US', Value: descriptor };
    dataSet[`0028${kind}${n}`] = data;
  }
  return attributesOf(dataSet);
}

const greys = (rgb: Uint8Array): number[] => [...rgb].filter((_, n) => n % 3 === 0);

test('PS3.3 §C.7.6.3.1.6 entries of 16 bits, of 8 bits in words, and of 8 bits packed', () => {
  const words = palette([3, 0, 16], inlineWords([0, 0x8000, 0xff00]));
  assert.deepEqual(greys(paletteToRgb8(samples, words)), [0, 0x80, 0xff, 0xff]);
  const bytesInWords = palette([3, 1, 8], inlineWords([10, 20, 30]));
  assert.deepEqual(greys(paletteToRgb8(samples, bytesInWords)), [10, 10, 20, 30]);
  const packed = { vr: 'OW', InlineBinary: Buffer.from([10, 20, 30, 0]).toString('base64') };
  assert.deepEqual(greys(paletteToRgb8(samples, palette([3, 0, 8], packed))), [10, 20, 30, 30]);
});

test('PS3.3 §C.7.9.2 segments: discrete, linear, indirect', () => {
  const data = inlineWords([0, 2, 0, 0x100, 1, 2, 0x300, 2, 1, 0, 0]);
  const rgb = paletteToRgb8(
    { ...samples, cells: Uint8Array.of(0, 1, 2, 3, 4, 5) },
    palette([6, 0, 16], data, '122'),
  );
  assert.deepEqual(greys(rgb), [0, 1, 2, 3, 0, 1]);
});

test('segments that go in circles or beyond their table end', () => {
  const circular = palette([4, 0, 16], inlineWords([2, 0xffff, 0, 0, 2, 5, 0, 0]), '122');
  assert.equal(paletteToRgb8(samples, circular).length, 12);
});

test('PS3.3 §C.7.6.3.1.5 the number of entries of a segmented table is one of 16 bits, whatever the VR of its descriptor', () => {
  const ramp = inlineWords([0, 1, 0, 1, 39_999, 0xff00]);
  // 40,000 entries as VR SS has them.
  const signed = paletteToRgb8(samples, palette([40_000 - 0x10000, 0, 16], ramp, '122'));
  assert.deepEqual(signed, paletteToRgb8(samples, palette([40_000, 0, 16], ramp, '122')));
  const huge = palette([2 ** 50 + 4, 0, 16], inlineWords([0, 1, 0x500]), '122');
  assert.deepEqual(greys(paletteToRgb8(samples, huge)), [5, 0, 0, 0]);
});

test('an image without its palette, or with too short a one, is refused', () => {
  assert.throws(() => paletteToRgb8(samples, attributesOf({})), /palette/);
  const short = palette([200, 0, 16], inlineWords([1, 2]));
  assert.throws(() => paletteToRgb8(samples, short), /palette/);
});
