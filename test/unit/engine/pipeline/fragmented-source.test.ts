import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { joinFragments } from '#engine/dicom/pixel-data/frame-table.js';
import type { BlobSource } from '#engine/engine-types.js';
import { fragmentedSource } from '#engine/pipeline/fragmented-source.js';
import { bytesSource, readWhole } from '#engine/pipeline/retrieve-instance.js';

function items(fragments: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    fragments.flatMap((fragment) => {
      const header = Buffer.alloc(8);
      header.writeUInt32LE(0xe000fffe, 0);
      header.writeUInt32LE(fragment.length, 4);
      return [header, fragment];
    }),
  );
}

test('PS3.5 §A.4 any piece of a fragmented frame is that of the joined one', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 8 }),
      fc.integer({ min: 1, max: 30 }),
      async (fragments, pieceLength) => {
        const range = items(fragments);
        const source = await fragmentedSource(bytesSource(range), fragments.length);
        const joined = joinFragments(range, fragments.length);
        const expected = fragments.length === 1 ? range.subarray(8) : joined;
        assert.equal(source.length, expected.length);
        const pieces: Buffer[] = [];
        for (let at = 0; at < source.length;) {
          const piece = Buffer.alloc(pieceLength);
          const bytes = await source.read(at, piece);
          assert.ok(bytes > 0);
          pieces.push(piece.subarray(0, bytes));
          at += bytes;
        }
        assert.deepEqual(Buffer.concat(pieces), Buffer.from(expected));
      },
    ),
    { numRuns: 200 },
  );
});

test('one read takes as many fragments as there is room for', async () => {
  const fragments = ['abc', '', 'de', 'f'].map((text) => Buffer.from(text));
  for (const range of [bytesSource(items(fragments)), laterSource(items(fragments))]) {
    const source = await fragmentedSource(range, fragments.length);
    assert.equal(String(await readWhole(source)), 'abcdef');
    const piece = Buffer.alloc(3);
    assert.equal(await source.read(2, piece), 3);
    assert.equal(String(piece), 'cde');
    assert.equal(await source.read(5, piece), 1);
  }
});

/** Bytes that have to be waited for. */
function laterSource(bytes: Uint8Array): BlobSource {
  const source = bytesSource(bytes);
  return { ...source, read: async (position, target) => source.read(position, target) };
}

test('a range that is no list of items is corrupt', async () => {
  const isCorrupt = (error: unknown): boolean =>
    error instanceof GantryError && error.code === 'corrupt';
  const range = items([Buffer.from('abcd'), Buffer.from('ef')]);
  for (const [bytes, count] of [
    [range, 3],
    [range, 1],
    [range.subarray(1), 2],
    [range.subarray(0, 10), 2],
  ] as const) {
    await assert.rejects(fragmentedSource(bytesSource(bytes), count), isCorrupt);
  }
});
