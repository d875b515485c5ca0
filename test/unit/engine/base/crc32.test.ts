import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import { crc32Combine } from '#engine/base/crc32.js';

test('the combined checksum is that of the joined bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 5000 }), fc.uint8Array({ maxLength: 5000 }), (a, b) => {
      assert.equal(
        crc32Combine(crc32(a), crc32(b), b.length),
        crc32(Buffer.concat([Buffer.from(a), Buffer.from(b)])),
      );
    }),
  );
});

test('combining does not depend on how bytes are grouped, also beyond 2^32 bytes', () => {
  const crc = fc.nat({ max: 0xffff_ffff });
  const length = fc.integer({ min: 0, max: 2 ** 45 });
  fc.assert(
    fc.property(fc.tuple(crc, crc, crc), length, length, ([a, b, c], lengthB, lengthC) => {
      assert.equal(
        crc32Combine(crc32Combine(a, b, lengthB), c, lengthC),
        crc32Combine(a, crc32Combine(b, c, lengthC), lengthB + lengthC),
      );
    }),
  );
});

test('combining with nothing changes nothing', () => {
  assert.equal(crc32Combine(0x1234_5678, 0, 0), 0x1234_5678);
  assert.equal(crc32Combine(0, 0x9abc_def0, 77), 0x9abc_def0);
});
