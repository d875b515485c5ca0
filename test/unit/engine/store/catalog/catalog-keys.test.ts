import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as keys from '#engine/store/catalog/catalog-keys.js';
import { studyPlace } from '#engine/store/catalog/study-order.js';

const uid = fc
  .array(fc.nat({ max: 120 }), { minLength: 1, maxLength: 5 })
  .map((components) => components.join('.'));
const instance = fc.record({
  studyInstanceUid: uid,
  seriesInstanceUid: uid,
  sopInstanceUid: uid,
});
const partition = fc.nat({ max: 0xffff_ffff });

const isIn = (key: Buffer, range: keys.KeyRange): boolean =>
  Buffer.compare(key, range.gte) >= 0 && Buffer.compare(key, range.lt) < 0;

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

test('instance keys sort as partition, study, series and instance do', () => {
  fc.assert(
    fc.property(partition, partition, instance, instance, (partitionA, partitionB, a, b) => {
      const expected =
        Math.sign(partitionA - partitionB) ||
        compareText(a.studyInstanceUid, b.studyInstanceUid) ||
        compareText(a.seriesInstanceUid, b.seriesInstanceUid) ||
        compareText(a.sopInstanceUid, b.sopInstanceUid);
      const actual = Buffer.compare(
        keys.instanceKey(partitionA, a),
        keys.instanceKey(partitionB, b),
      );
      assert.equal(actual, expected);
    }),
  );
});

test('a range holds exactly the keys of its study and series', () => {
  fc.assert(
    fc.property(partition, instance, instance, (number, a, b) => {
      const key = keys.instanceKey(number, b);
      const sameStudy = a.studyInstanceUid === b.studyInstanceUid;
      const sameSeries = sameStudy && a.seriesInstanceUid === b.seriesInstanceUid;
      assert.equal(isIn(key, keys.instanceRange(number, a.studyInstanceUid)), sameStudy);
      assert.equal(
        isIn(key, keys.instanceRange(number, a.studyInstanceUid, a.seriesInstanceUid)),
        sameSeries,
      );
      assert.equal(
        isIn(keys.seriesKey(number, b), keys.seriesRange(number, a.studyInstanceUid)),
        sameStudy,
      );
      assert.equal(
        isIn(keys.sopInstanceKey(number, b), keys.sopInstanceRange(number, a.sopInstanceUid)),
        a.sopInstanceUid === b.sopInstanceUid,
      );
    }),
  );
});

test('the range of a study does not hold a study whose UID it begins', () => {
  const longer = { studyInstanceUid: '1.2.3', seriesInstanceUid: '1', sopInstanceUid: '1' };
  assert.equal(isIn(keys.instanceKey(0, longer), keys.instanceRange(0, '1.2')), false);
  assert.equal(isIn(keys.instanceKey(0, longer), keys.instanceRange(0, '1.2.3')), true);
});

test('the parts of a key can be read back', () => {
  fc.assert(
    fc.property(partition, instance, (number, key) => {
      assert.deepEqual(keys.partsOfKey(keys.instanceKey(number, key)), [
        key.studyInstanceUid,
        key.seriesInstanceUid,
        key.sopInstanceUid,
      ]);
      assert.deepEqual(keys.partsOfKey(keys.sopInstanceKey(number, key)), [
        key.sopInstanceUid,
        key.studyInstanceUid,
        key.seriesInstanceUid,
      ]);
    }),
  );
});

test('an ordered key is found by its value and names its study, whatever the characters', () => {
  fc.assert(
    fc.property(partition, fc.string({ unit: 'binary' }), uid, (number, value, study) => {
      const key = keys.orderedKey(number, 'patientId', value, study);
      assert.equal(isIn(key, keys.orderedRange(number, 'patientId', value)), true);
      assert.equal(isIn(key, keys.orderedRange(number, 'accessionNumber', value)), false);
      assert.equal(keys.studyOfOrderedKey(key), study);
    }),
  );
  const key = keys.orderedKey(0, 'patientId', 'AB', '1.2');
  assert.equal(isIn(key, keys.orderedRange(0, 'patientId', 'A')), false);
});

test('the text of a key tells the place of its study, whatever partition and name', () => {
  const part = fc.constantFrom('0', '2', '12', `1${'9'.repeat(8)}1${'0'.repeat(12)}`);
  fc.assert(
    fc.property(partition, fc.string({ unit: 'binary' }), part, uid, (number, name, its, study) => {
      const place = studyPlace(its, study);
      const ofOrder = keys.studyOrderKey(number, place);
      const ofName = keys.patientNameKey(number, name, its, study);
      assert.equal(keys.placeOfKeyText(ofOrder.toString('utf8')), place);
      assert.equal(keys.placeOfKeyText(ofName.toString('utf8')), place);
    }),
  );
  // Cut within a character.
  const long = keys.patientNameKey(0, `a${'é'.repeat(200)}`, '2', '1.2');
  assert.equal(keys.placeOfKeyText(long.toString('utf8')), studyPlace('2', '1.2'));
});

test('change keys sort by sequence and carry it', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (a, b) => {
      assert.equal(Buffer.compare(keys.changeKey(a), keys.changeKey(b)), Math.sign(a - b));
      assert.equal(keys.sequenceOfChangeKey(keys.changeKey(a)), a);
    }),
  );
});

test('no two kinds of key in a column begin alike', () => {
  const names = { studyInstanceUid: '1.2', seriesInstanceUid: '1.3', sopInstanceUid: '1.4' };
  const kinds = [
    keys.studyKey(0, '1.2'),
    keys.seriesKey(0, names),
    keys.instanceKey(0, names),
    keys.sopInstanceKey(0, names),
    keys.deletedKey(0, names),
    keys.orderedKey(0, 'patientId', 'A', '1.2'),
    keys.orderedKey(0, 'accessionNumber', 'A', '1.2'),
    keys.studyOrderKey(0, studyPlace('2', '1.2')),
  ].map((key) => key.subarray(0, 6).toString('hex'));
  assert.equal(new Set(kinds).size, kinds.length);
});
