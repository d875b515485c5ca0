import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { copyShared } from '#engine/base/copy-shared.js';

test('bytes arrive in their place and nowhere else, whatever the alignment, from and to shared memory', () => {
  const filler = 0xee;
  fc.assert(
    fc.property(fc.nat(5_000), fc.nat(20), fc.nat(20), (length, start, offset) => {
      const source = Uint8Array.from({ length: start + length }, (_, index) => index % 251);
      const piece = source.subarray(start);
      const shared = Buffer.from(new SharedArrayBuffer(offset + length + 8)).fill(filler);
      copyShared(shared, offset, piece);
      const there = Buffer.from(Uint8Array.from(shared));
      assert.ok(there.subarray(offset, offset + length).equals(piece));
      assert.ok(there.subarray(0, offset).every((byte) => byte === filler));
      assert.ok(there.subarray(offset + length).every((byte) => byte === filler));

      const back = Buffer.alloc(length);
      copyShared(back, 0, new Uint8Array(shared.buffer, offset, length));
      assert.ok(back.equals(piece));
    }),
  );
});
