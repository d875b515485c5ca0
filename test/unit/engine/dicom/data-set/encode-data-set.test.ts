import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeDataSet } from '#engine/dicom/data-set/decode-data-set.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import {
  explicitVrBigEndianUid,
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

test('PS3.5 §7.1.2: explicit VR, padded to even length, UI with NUL', () => {
  const bytes = encodeDataSet(
    {
      '0020000D': { vr: 'UI', Value: ['1.2'] },
      '00080060': { vr: 'CS', Value: ['CT'] },
      '00281200': { vr: 'OW', InlineBinary: 'AQI=' },
    },
    explicitVrLittleEndianUid,
  );
  assert.equal(
    hexOf(bytes),
    '08006000' + '43530200' + '4354' +
      '20000d00' + '55490400' + '312e3200' +
      '28000012' + '4f570000' + '02000000' + '0102',
  ); // prettier-ignore
});

test('PS3.5 §7.1.3: implicit VR has tag, 32-bit length and value', () => {
  const bytes = encodeDataSet(
    { '00080060': { vr: 'CS', Value: ['CT'] } },
    implicitVrLittleEndianUid,
  );
  assert.equal(hexOf(bytes), '08006000' + '02000000' + '4354');
});

test('PS3.5 §7.3: big endian turns round tags, lengths, numbers and words', () => {
  const bytes = encodeDataSet(
    {
      '00280010': { vr: 'US', Value: [258] },
      '00281200': { vr: 'OW', InlineBinary: 'AQI=' },
    },
    explicitVrBigEndianUid,
  );
  assert.equal(
    hexOf(bytes),
    '00280010' + '55530002' + '0102' + '00281200' + '4f570000' + '00000002' + '0201',
  );
});

test('PS3.4 §C.4.1.1.3.2: Specific Character Set is there for extended characters only', () => {
  const plain = encodeDataSet(
    { '00080005': { vr: 'CS', Value: ['ISO_IR 192'] }, '00100020': { vr: 'LO', Value: ['P1'] } },
    explicitVrLittleEndianUid,
  );
  assert.deepEqual(Object.keys(decodeDataSet(plain, explicitVrLittleEndianUid)), ['00100020']);
  const name = { vr: 'PN', Value: [{ Alphabetic: 'Müller', Ideographic: '山田' }] };
  const extended = encodeDataSet({ '00100010': name }, explicitVrLittleEndianUid);
  assert.deepEqual(decodeDataSet(extended, explicitVrLittleEndianUid), {
    '00080005': { vr: 'CS', Value: ['ISO_IR 192'] },
    '00100010': name,
  });
});

test('PS3.5 §6.2.2: a value too long for its VR is written as UN and read as what it is', () => {
  const uids = Array.from({ length: 5_000 }, (_, index) => `1.2.840.99999.${10_000 + index}`);
  const bytes = encodeDataSet({ '00080058': { vr: 'UI', Value: uids } }, explicitVrLittleEndianUid);
  assert.equal(bytes.toString('latin1', 4, 6), 'UN');
  const inImplicit = encodeDataSet(
    { '00080058': { vr: 'UI', Value: uids } },
    implicitVrLittleEndianUid,
  );
  const read = decodeDataSet(inImplicit, implicitVrLittleEndianUid);
  assert.deepEqual(read['00080058']?.Value, uids);
});
