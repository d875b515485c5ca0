import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import {
  readRecordHeader,
  recordHeaderBytes,
  writeRecordHeader,
} from '#engine/store/blob/record-header.js';

const uid = fc.integer({ min: 1, max: limits.uidLengthMax }).map((length) => '1'.repeat(length));
const count = fc.nat({ max: 0xffff_ffff });

const record = fc.record({
  partition: count,
  identifiers: fc.record({
    studyInstanceUid: uid,
    seriesInstanceUid: uid,
    sopInstanceUid: uid,
    sopClassUid: uid,
  }),
  transferSyntaxUid: uid,
  sequence: fc.maxSafeNat(),
  createdAtMs: fc.maxSafeNat(),
  length: fc.maxSafeNat(),
  crc32: count,
});

test('a header survives, with UIDs of any length; any flipped bit is detected', () => {
  fc.assert(
    fc.property(record, count, fc.nat({ max: recordHeaderBytes * 8 - 1 }), (one, offset, bit) => {
      const bytes = Buffer.alloc(recordHeaderBytes, 0xff);
      writeRecordHeader(bytes, { ...one, prefix: Buffer.alloc(0), extents: [] }, offset);
      const header = readRecordHeader(bytes);
      assert.deepEqual(header, {
        blobOffset: offset,
        blobLength: one.length,
        blobCrc32: one.crc32,
        partition: one.partition,
        sequence: one.sequence,
        createdAtMs: one.createdAtMs,
        ...one.identifiers,
        transferSyntaxUid: one.transferSyntaxUid,
      });
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      assert.throws(
        () => readRecordHeader(bytes),
        (error) => error instanceof GantryError && error.code === 'corrupt',
      );
    }),
  );
});

test('bytes that are too few or zero are no header', () => {
  assert.throws(() => readRecordHeader(Buffer.alloc(0)), GantryError);
  assert.throws(() => readRecordHeader(Buffer.alloc(recordHeaderBytes)), GantryError);
});
