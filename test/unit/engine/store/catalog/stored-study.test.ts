import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeStudyRecord, encodeStudyRecord } from '#engine/store/catalog/record-codec.js';
import { StoredStudy } from '#engine/store/catalog/stored-study.js';
import { generatedRecords } from '#test/helpers/random-records.js';

test('a stored study says what its record says', () => {
  fc.assert(
    fc.property(generatedRecords, ({ studies }) => {
      for (const { studyInstanceUid, ...study } of studies) {
        const value = encodeStudyRecord({ studyInstanceUid, ...study });
        const record = decodeStudyRecord(studyInstanceUid, value);
        const stored = new StoredStudy(studyInstanceUid, value);
        for (const name of Object.keys(record) as (keyof typeof record)[]) {
          assert.deepEqual(stored[name], record[name], name);
        }
        for (const [tag, element] of Object.entries(record.attributes)) {
          assert.deepEqual(stored.elements.elementOf(Number.parseInt(tag, 16)), element);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test('a stored study whose text is cut is corrupt', () => {
  const value = encodeStudyRecord({
    studyInstanceUid: '1.2',
    sequence: 1,
    createdAtMs: 0,
    attributes: { '00100020': { vr: 'LO', Value: ['A'] } },
    seriesCount: 1,
    instanceCount: 1,
    modalities: ['CT'],
    sopClassUids: [],
    storedBytes: 1,
  });
  const corrupt = { code: 'corrupt' };
  const cut = new StoredStudy('1.2', value.subarray(0, -12));
  assert.throws(() => cut.attributes, corrupt);
  assert.throws(() => cut.modalities, corrupt);
  assert.throws(() => new StoredStudy('1.2', value.subarray(0, 50)).elements, corrupt);
  assert.throws(() => new StoredStudy('1.2', value.subarray(0, 8)), corrupt);
});
