import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { BlockChecksummer, checksumBlockBytes } from '#engine/base/block-checksums.js';

test('each block and the whole have their CRC-32, however the bytes come', () => {
  const lengths = [0, 1, checksumBlockBytes - 1, checksumBlockBytes, 100 * checksumBlockBytes + 7];
  fc.assert(
    fc.property(
      fc.constantFrom(...lengths),
      fc.array(fc.integer({ min: 1, max: 3 * checksumBlockBytes }), { minLength: 1 }),
      (length, cuts) => {
        const bytes = Buffer.from(Array.from({ length }, (_, n) => (n * 31) % 251));
        const checksummer = new BlockChecksummer();
        for (let at = 0, n = 0; at < length; n++) {
          const end = Math.min(length, at + cuts[n % cuts.length]!);
          checksummer.add(bytes.subarray(at, end));
          at = end;
        }
        assert.equal(checksummer.crc32, crc32(bytes));
        const blocks = Buffer.from(checksummer.finish());
        const expected = Array.from({ length: Math.ceil(length / checksumBlockBytes) }, (_, n) =>
          crc32(bytes.subarray(n * checksumBlockBytes, (n + 1) * checksumBlockBytes)),
        );
        const found = expected.map((_, n) => blocks.readUInt32LE(4 * n));
        assert.deepEqual(found, expected);
        assert.equal(blocks.length, 4 * expected.length);
      },
    ),
    { numRuns: 20 },
  );
});
