import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { nativeDicomModel } from '#engine/dicom/xml-model/native-dicom-model.js';
import { readNativeModel } from '#test/helpers/native-model-reader.js';

function xmlOf(dataSet: JsonDataSet): string {
  return [...nativeDicomModel(Buffer.from(JSON.stringify(dataSet)))].join('');
}

/** The document without its head and its end. */
function attributesOf(dataSet: JsonDataSet): string {
  const match = /xml:space="preserve">(.*)<\/NativeDicomModel>$/s.exec(xmlOf(dataSet));
  return match?.[1] ?? '';
}

test('PS3.19 §A.1.5: the document declares its encoding, its namespace and that spaces count', () => {
  assert.equal(
    xmlOf({}),
    '<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel ' +
      'xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve"></NativeDicomModel>',
  );
});

test('PS3.19 §A.1.5: values are numbered from 1, an empty one among others is an empty Value', () => {
  assert.equal(
    attributesOf({ '00080008': { vr: 'CS', Value: ['ORIGINAL', null, 'AXIAL'] } }),
    '<DicomAttribute tag="00080008" vr="CS" keyword="ImageType"><Value number="1">ORIGINAL</Value>' +
      '<Value number="2"></Value><Value number="3">AXIAL</Value></DicomAttribute>',
  );
  assert.equal(
    attributesOf({ '00280030': { vr: 'DS', Value: [0.5, -1e-7] } }),
    '<DicomAttribute tag="00280030" vr="DS" keyword="PixelSpacing"><Value number="1">0.5</Value>' +
      '<Value number="2">-1e-7</Value></DicomAttribute>',
  );
});

test('PS3.19 §A.1.5: an element without a value is an empty DicomAttribute', () => {
  assert.equal(
    attributesOf({ '00100020': { vr: 'LO' } }),
    '<DicomAttribute tag="00100020" vr="LO" keyword="PatientID"></DicomAttribute>',
  );
});

test('PS3.19 §A.1.5: a person name is split into groups and components, without the empty ones', () => {
  assert.equal(
    attributesOf({
      '00100010': {
        vr: 'PN',
        Value: [{ Alphabetic: 'Adams^^John^Rev.', Ideographic: '山田^太郎' }],
      },
    }),
    '<DicomAttribute tag="00100010" vr="PN" keyword="PatientName"><PersonName number="1">' +
      '<Alphabetic><FamilyName>Adams</FamilyName><MiddleName>John</MiddleName>' +
      '<NamePrefix>Rev.</NamePrefix></Alphabetic><Ideographic><FamilyName>山田</FamilyName>' +
      '<GivenName>太郎</GivenName></Ideographic></PersonName></DicomAttribute>',
  );
});

test('PS3.19 §A.1.5: binary values are base64 text or a URI', () => {
  assert.equal(
    attributesOf({
      '00420011': { vr: 'OB', InlineBinary: 'AAEC' },
      '7FE00010': { vr: 'OW', BulkDataURI: 'https://pacs/a?b=1&c="' },
    }),
    '<DicomAttribute tag="00420011" vr="OB" keyword="EncapsulatedDocument"><InlineBinary>AAEC</InlineBinary>' +
      '</DicomAttribute><DicomAttribute tag="7FE00010" vr="OW" keyword="PixelData">' +
      '<BulkData uri="https://pacs/a?b=1&amp;c=&quot;"/></DicomAttribute>',
  );
});

test('PS3.19 §A.1.5: a private attribute names its creator, which is known in its own data set only', () => {
  const block: JsonDataSet = {
    '00290010': { vr: 'LO', Value: ['ACME "1"'] },
    '00291001': { vr: 'SH', Value: ['x'] },
    '00292001': { vr: 'UN' },
    '00400260': { vr: 'SQ', Value: [{ '00291001': { vr: 'SH' } }, {}] },
  };
  const read = readNativeModel(xmlOf(block));
  assert.equal(read['00291001']?.privateCreator, 'ACME "1"');
  assert.equal(read['00292001']?.privateCreator, undefined);
  assert.deepEqual(read['00400260']?.Value, [{ '00291001': { vr: 'SH' } }, {}]);
});

test('XML 1.0: what XML cannot hold is replaced, everything else comes back as it was', () => {
  const text = 'a\0\x1b\ud800<&>"\'\r\n\t\u{1f600} \ufffe';
  const read = readNativeModel(xmlOf({ '00081030': { vr: 'LO', Value: [text] } }));
  assert.deepEqual(read['00081030']?.Value, ['a\ufffd\ufffd\ufffd<&>"\'\r\n\t\u{1f600} \ufffd']);
});

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 });
const tag = fc.constantFrom('00081030', '00290010', '00291033', '0020000D', '00400275', '60003000');
const nameGroup = fc.array(fc.string({ unit: fc.constantFrom('A', 'é', '&', ' ') }), {
  maxLength: 5,
});
const personName = fc
  .record({ Alphabetic: nameGroup, Phonetic: nameGroup }, { requiredKeys: ['Alphabetic'] })
  .map((groups) =>
    Object.fromEntries(
      Object.entries(groups)
        .map(([name, parts]) => [name, parts.join('^').replace(/\^+$/, '')] as const)
        .filter(([, group]) => group !== ''),
    ),
  )
  .filter((name) => Object.keys(name).length > 0);

const { dataSet } = fc.letrec<{ dataSet: JsonDataSet; element: JsonDataSet[string] }>((tie) => ({
  dataSet: fc.dictionary(tag, tie('element'), { maxKeys: 4 }),
  element: fc.oneof(
    { depthSize: 'small' },
    fc.record({
      vr: fc.constant('LO'),
      Value: fc.array(fc.oneof(text, fc.constant(null)), { minLength: 1 }),
    }),
    fc.record({ vr: fc.constant('PN'), Value: fc.array(personName, { minLength: 1 }) }),
    fc.record({ vr: fc.constant('UN'), InlineBinary: fc.base64String() }),
    fc.record({
      vr: fc.constant('SQ'),
      Value: fc.array(tie('dataSet'), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ vr: fc.constant('SQ') }),
  ),
}));

test('any data set comes back from its document', () => {
  fc.assert(
    fc.property(dataSet, (original) => {
      assert.deepEqual(
        withoutNames(readNativeModel(xmlOf(original))),
        JSON.parse(JSON.stringify(original)),
      );
    }),
    { numRuns: 300 },
  );
});

/** What the JSON model does not say: keywords and creators. */
function withoutNames(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNames);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(
    ([name]) => name !== 'keyword' && name !== 'privateCreator',
  );
  return Object.fromEntries(kept.map(([name, member]) => [name, withoutNames(member)]));
}
