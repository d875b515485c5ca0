import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isYCbCr, withColourMarker } from '#engine/codec/jpeg-colour.js';
import { readJpegHeader } from '#engine/codec/jpeg-header.js';

const jfif = [0xff, 0xe0, 0, 16, ...Buffer.from('JFIF\0'), 1, 1, 0, 0, 1, 0, 1, 0, 0];
const adobe = (transform: number): number[] => [
  ...[0xff, 0xee, 0, 14, ...Buffer.from('Adobe'), 0, 100, 0, 0, 0, 0],
  transform,
];

function codestream(markers: readonly number[], ids: readonly number[] = [1, 2, 3]): Uint8Array {
  const components = ids.flatMap((id) => [id, 0x11, 0]);
  const frame = [0xff, 0xc0, 0, 17, 8, 0, 1, 0, 1, 3, ...components];
  const scan = [0xff, 0xda, 0, 12, 3, ...ids.flatMap((id) => [id, 0]), 0, 63, 0];
  return Uint8Array.from([0xff, 0xd8, ...markers, ...frame, ...scan, 1, 2, 3, 0xff, 0xd9]);
}

describe('PS3.5 §8.2.1 colours of JPEG', () => {
  const rgbIds = [...Buffer.from('RGB')];
  const rows: [string, Uint8Array, string, boolean][] = [
    ['the data set decides when the codestream is silent', codestream([]), 'RGB', false],
    ['the data set decides when the codestream is silent', codestream([]), 'YBR_FULL_422', true],
    ['JFIF is YCbCr whatever the data set says', codestream(jfif), 'RGB', true],
    ['Adobe 0 is RGB', codestream(adobe(0)), 'YBR_FULL', false],
    ['Adobe 1 is YCbCr', codestream(adobe(1)), 'RGB', true],
    ['Adobe goes before JFIF', codestream([...jfif, ...adobe(0)]), 'YBR_FULL', false],
    ['components R, G, B are RGB', codestream(jfif, rgbIds), 'YBR_FULL', false],
  ];
  for (const [name, bytes, photometric, expected] of rows) {
    test(`${name} (${photometric})`, () => {
      assert.equal(isYCbCr(bytes, readJpegHeader(bytes), photometric), expected);
    });
  }

  test('one marker takes the place of all, and the scans stay', () => {
    const bytes = codestream([...jfif, ...adobe(1)]);
    const marked = withColourMarker(bytes, readJpegHeader(bytes), false);
    assert.deepEqual([...marked], [...codestream(adobe(0))]);
  });
});
