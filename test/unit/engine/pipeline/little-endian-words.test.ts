import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { swapWords } from '#engine/dicom/encoding/swap-words.js';
import { swappedSource } from '#engine/pipeline/little-endian-words.js';
import { bytesSource } from '#engine/pipeline/retrieve-instance.js';

test('PS3.5 §7.3 any piece of a swapped source is that of the whole, swapped', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 60 }),
      fc.constantFrom(1, 2, 4, 8),
      fc.nat(60),
      fc.nat(60),
      async (bytes, bytesPerWord, start, length) => {
        const expected = Buffer.from(bytes);
        swapWords(expected, bytesPerWord);
        const position = Math.min(start, bytes.length);
        const target = Buffer.alloc(length);
        const count = await swappedSource(bytesSource(bytes), bytesPerWord).read(position, target);
        assert.equal(count, Math.min(length, bytes.length - position));
        assert.deepEqual(target.subarray(0, count), expected.subarray(position, position + count));
      },
    ),
    { numRuns: 300 },
  );
});
