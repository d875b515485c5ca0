import assert from 'node:assert/strict';
import { test } from 'node:test';

import { vrCode } from '#engine/dicom/dictionary/vr.js';
import { inlineBinary } from '#engine/dicom/json-model/inline-binary.js';
import { JsonModelWriter } from '#engine/dicom/json-model/json-model-writer.js';

test('PS3.18 §F.2 elements, sequences and items become one object', () => {
  const writer = new JsonModelWriter();
  writer.writeElement(0x00080060, 'CS', ',"Value":["CT"]');
  writer.beginSequence(0x00081115);
  writer.endSequence();
  writer.beginSequence(0x00400275);
  writer.beginItem();
  writer.endItem();
  writer.beginItem();
  writer.writeElement(0x00400009, 'SH', '');
  assert.equal(writer.itemCount(1), 2);
  writer.endItem();
  writer.endSequence();
  const { json, uriOffsets } = writer.finish();
  assert.deepEqual(JSON.parse(Buffer.from(json).toString()), {
    '00080060': { vr: 'CS', Value: ['CT'] },
    '00081115': { vr: 'SQ' },
    '00400275': { vr: 'SQ', Value: [{}, { '00400009': { vr: 'SH' } }] },
  });
  assert.deepEqual(uriOffsets, []);
});

test('URI offsets count bytes, whatever characters come before', () => {
  const writer = new JsonModelWriter();
  writer.writeElement(0x00100010, 'PN', ',"Value":[{"Alphabetic":"山田^😀"}]');
  writer.writeBulkDataUri(0x00420011, 'OB', '00420011');
  writer.writeElement(0x00420012, 'LO', ',"Value":["é"]');
  writer.writeBulkDataUri(0x7fe00010, 'OW', '7FE00010');
  const { json, uriOffsets } = writer.finish();
  const starts = uriOffsets.map((offset) =>
    Buffer.from(json).toString('utf8', offset, offset + 18),
  );
  assert.deepEqual(starts, ['/bulkdata/00420011', '/bulkdata/7FE00010']);
});

test('an attribute is admitted once a data set, in any order', () => {
  const writer = new JsonModelWriter();
  assert.deepEqual(
    [3, 5, 4, 5, 4, 6, 6].map((tag) => writer.admit(tag)),
    [true, true, true, false, false, true, false],
  );
  writer.beginSequence(7);
  writer.beginItem();
  assert.equal(writer.admit(3), true);
  writer.endItem();
  writer.beginItem();
  assert.equal(writer.admit(3), true);
});

test('PS3.18 §F.2.7 InlineBinary has little endian words', () => {
  const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8]);
  const decode = (vr: string, isBigEndian: boolean): string =>
    Buffer.from(inlineBinary(vrCode(vr), bytes, isBigEndian), 'base64').toString('hex');
  assert.equal(decode('OW', false), '0102030405060708');
  assert.equal(decode('OB', true), '0102030405060708');
  assert.equal(decode('OW', true), '0201040306050807');
  assert.equal(decode('OL', true), '0403020108070605');
  assert.equal(decode('OD', true), '0807060504030201');
  assert.equal(bytes[0], 1);
});
