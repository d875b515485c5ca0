import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeRle, encodeRle } from '#engine/codec/rle.js';
import { imageOf } from '#test/helpers/image-frames.js';

/** An RLE header for segments of these lengths, PS3.5 §G.5. */
function withHeader(...segments: readonly (readonly number[])[]): Uint8Array {
  const header = Buffer.alloc(64);
  header.writeUInt32LE(segments.length, 0);
  let offset = 64;
  segments.forEach((segment, n) => {
    header.writeUInt32LE(offset, 4 + 4 * n);
    offset += segment.length;
  });
  return Buffer.concat([header, ...segments.map((segment) => Buffer.from(segment))]);
}

describe('PS3.5 Annex G RLE', () => {
  const image = imageOf({ rows: 1, columns: 5, bitsAllocated: 8 });

  test('§G.3.2 literal runs, replicated runs, and 128 which is nothing', () => {
    const codestream = withHeader([1, 7, 8, 128, 254, 9]);
    assert.deepEqual([...decodeRle(codestream, image)], [7, 8, 9, 9, 9]);
  });

  test('§G.2 the most significant byte plane comes first', () => {
    const words = imageOf({ rows: 1, columns: 2, bitsAllocated: 16 });
    const codestream = withHeader([1, 0x12, 0x34], [1, 0x56, 0x78]);
    assert.deepEqual([...decodeRle(codestream, words)], [0x56, 0x12, 0x78, 0x34]);
  });

  test('§G.2 samples of colour follow the planar configuration of the data set', () => {
    const codestream = withHeader([1, 1, 2], [1, 3, 4], [1, 5, 6]);
    const colour = { rows: 1, columns: 2, bitsAllocated: 8, samplesPerPixel: 3 } as const;
    const byPixel = imageOf({ ...colour, planarConfiguration: 0 });
    const byPlane = imageOf({ ...colour, planarConfiguration: 1 });
    assert.deepEqual([...decodeRle(codestream, byPixel)], [1, 3, 5, 2, 4, 6]);
    assert.deepEqual([...decodeRle(codestream, byPlane)], [1, 2, 3, 4, 5, 6]);
  });

  test('§G.3.1 rows are packed each by itself', () => {
    const square = imageOf({ rows: 2, columns: 3, bitsAllocated: 8 });
    const codestream = encodeRle(new Uint8Array(6).fill(9), square);
    assert.deepEqual([...codestream.subarray(64)], [254, 9, 254, 9]);
  });

  const faults: [string, Uint8Array][] = [
    ['a header cut off', new Uint8Array(63)],
    ['too many segments', withHeader([4, 1, 2, 3, 4, 5], [0, 0])],
    ['a segment that is too short', withHeader([1, 7, 8])],
    ['a literal run that is cut off', withHeader([4, 1, 2])],
    ['a run beyond the frame', withHeader([1, 7, 8, 200, 9])],
    ['a segment outside', withHeader([]).fill(0xff, 4, 8)],
  ];
  for (const [name, codestream] of faults) {
    test(`${name} is corrupt`, () => {
      assert.throws(() => decodeRle(codestream, image), { code: 'corrupt' });
    });
  }
});
