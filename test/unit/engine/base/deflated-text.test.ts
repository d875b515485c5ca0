import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import {
  deflateText,
  GzipWriter,
  inflateTexts,
  storedText,
  type DeflatedText,
} from '#engine/base/deflated-text.js';
import { GantryError } from '#engine/base/error-catalogue.js';

const text = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.nat({ max: 200_000 }).map((length) => Buffer.alloc(length, 'DICOM JSON ')),
);

function gzipOf(texts: readonly DeflatedText[]): Buffer {
  const writer = new GzipWriter();
  const pieces = [writer.head, ...texts.map((each) => writer.take(each)), writer.end()];
  return Buffer.concat(pieces);
}

test('texts that were deflated by themselves join to one gzip stream', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.boolean()), { maxLength: 6 }), (texts) => {
      const deflated = texts.map(([bytes, isStored]) =>
        isStored ? storedText(bytes) : deflateText(bytes),
      );
      const joined = gzipOf(deflated);
      const all = Buffer.concat(texts.map(([bytes]) => bytes));
      assert.deepEqual(gunzipSync(joined), all);
      assert.deepEqual(inflateTexts(deflated), all);
    }),
    { numRuns: 50 },
  );
});

test('a text is inflated, and one that is damaged or longer than it says is noticed', () => {
  const json = Buffer.from('{"00080005":{"vr":"CS"}}'.repeat(50));
  const deflated = deflateText(json);
  assert.ok(deflated.blocks.length < json.length / 5);
  assert.deepEqual(inflateTexts([deflated]), json);
  const isCorrupt = (error: unknown): boolean =>
    error instanceof GantryError && error.code === 'corrupt';
  assert.throws(() => inflateTexts([{ ...deflated, textBytes: json.length - 1 }]), isCorrupt);
  assert.throws(() => inflateTexts([{ ...deflated, crc32: deflated.crc32 ^ 1 }]), isCorrupt);
  assert.throws(() => inflateTexts([{ ...deflated, blocks: Buffer.from([7, 7]) }]), isCorrupt);
});
