import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { withoutPreamble } from '#engine/store/blob/preamble.js';

function part10(start: string): Buffer {
  const bytes = Buffer.alloc(200, 0x55);
  bytes.write(start, 0, 'latin1');
  bytes.write('DICM', 128, 'latin1');
  return bytes;
}

/** `bytes` cut at the positions. */
function cut(bytes: Buffer, positions: readonly number[]): Buffer[] {
  const ends = [...positions, bytes.length].sort((a, b) => a - b);
  return ends.map((end, n) => bytes.subarray(n === 0 ? 0 : ends[n - 1], end));
}

test('PS3.10 §7.1: a preamble is cleared, however the bytes are cut', () => {
  const bytes = part10('anything');
  const expected = Buffer.from(bytes).fill(0, 0, 128);
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 200 }), { maxLength: 4 }), (positions) => {
      assert.deepEqual(Buffer.concat(withoutPreamble(cut(bytes, positions))), expected);
    }),
  );
});

test('the received bytes themselves are left alone', () => {
  const bytes = part10('anything');
  withoutPreamble([bytes]);
  assert.equal(bytes.toString('latin1', 0, 8), 'anything');
});

test('the preamble of a file that is TIFF as well stays', () => {
  for (const magic of ['II*\0', 'MM\0*', 'II+\0', 'MM\0+']) {
    const bytes = part10(magic);
    assert.deepEqual(Buffer.concat(withoutPreamble([bytes])), bytes);
  }
});

test('bytes that are no Part 10 file, or end within the preamble, stay', () => {
  const dataSet = Buffer.alloc(300, 3);
  assert.deepEqual(Buffer.concat(withoutPreamble([dataSet])), dataSet);
  const short = part10('anything').subarray(0, 131);
  assert.deepEqual(Buffer.concat(withoutPreamble([short])), short);
});
