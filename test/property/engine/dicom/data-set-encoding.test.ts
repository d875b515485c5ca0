import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeDataSet } from '#engine/dicom/data-set/decode-data-set.js';
import { encodeDataSet } from '#engine/dicom/data-set/encode-data-set.js';
import {
  explicitVrBigEndianUid,
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';

/** Text without delimiters and controls, and without spaces at its ends, which are padding. */
const text = fc
  .string({ unit: 'grapheme-composite', maxLength: 12 })
  .map((value) => value.replace(/[\\^=\0-\x1f\x7f-\x9f\ufffd\ud800-\udfff]/gu, '').trim());
const filledText = text.filter((value) => value !== '');

function values(vr: string, value: fc.Arbitrary<string | number>): fc.Arbitrary<JsonElement> {
  return fc.oneof(
    fc.constant({ vr }),
    fc.array(value, { minLength: 1, maxLength: 4 }).map((Value) => ({ vr, Value })),
  );
}

const personName = fc.record(
  { Alphabetic: filledText, Ideographic: filledText, Phonetic: filledText },
  { requiredKeys: ['Alphabetic'], noNullPrototype: true },
);
const tagValue = fc.integer({ min: 0, max: 0xffffffff }).map(hex);
const words = fc
  .uint8Array({ minLength: 2, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes.subarray(0, bytes.length & ~1)).toString('base64'));

/** Elements whose VR the dictionary knows, so that implicit VR brings it back. */
const plain = fc.record(
  {
    '00080018': values('UI', fc.constantFrom('1.2.3', '1.2.840.10008.1.2', '2.25.77')),
    '00080020': values('DA', fc.constantFrom('20240131', '20240101-20240131')),
    '00080060': values('CS', fc.constantFrom('CT', 'MR', 'OT')),
    '00081030': values('LO', filledText),
    '00100010': fc
      .array(personName, { minLength: 1, maxLength: 2 })
      .map((Value): JsonElement => ({ vr: 'PN', Value })),
    '00101030': values('DS', fc.constantFrom(1, 70.5, -2, 1e-7)),
    '00189087': values('FD', fc.double({ noNaN: true, noDefaultInfinity: true })),
    '00189310': values('FD', fc.constantFrom('NaN', 'inf', '-inf')),
    '00200013': values('IS', fc.integer({ min: -1000, max: 1000 })),
    '00200020': fc.constant({ vr: 'CS', Value: ['L', null, 'F'] }),
    '00280009': values('AT', tagValue),
    '00280010': values('US', fc.integer({ min: 0, max: 0xffff })),
    '00281200': words.map((InlineBinary): JsonElement => ({ vr: 'OW', InlineBinary })),
    '0040A124': values('UI', fc.constant('1.2')),
    '00720064': values('IS', fc.integer({ min: 0, max: 9 })),
    '00720082': fc
      .array(fc.constantFrom(1, 2 ** 40, '9007199254740993'))
      .map((Value): JsonElement => (Value.length === 0 ? { vr: 'SV' } : { vr: 'SV', Value })),
  },
  { requiredKeys: [], noNullPrototype: true },
) as fc.Arbitrary<JsonDataSet>;

function nested(depth: number): fc.Arbitrary<JsonDataSet> {
  if (depth === 0) return plain;
  const sequence = fc
    .array(nested(depth - 1), { maxLength: 2 })
    .map((Value): JsonElement => (Value.length === 0 ? { vr: 'SQ' } : { vr: 'SQ', Value }));
  return fc
    .tuple(plain, fc.record({ '00400275': sequence }, { requiredKeys: [], noNullPrototype: true }))
    .map(([elements, more]) => ({ ...elements, ...more }));
}

function hex(tag: number): string {
  return tag.toString(16).toUpperCase().padStart(8, '0');
}

function withoutCharacterSet(dataSet: JsonDataSet): JsonDataSet {
  const { '00080005': _charset, ...rest } = dataSet;
  return rest;
}

const syntaxes = [explicitVrLittleEndianUid, implicitVrLittleEndianUid, explicitVrBigEndianUid];

for (const transferSyntaxUid of syntaxes) {
  test(`PS3.5 §7: a data set encoded in ${transferSyntaxUid} reads as it was`, () => {
    fc.assert(
      fc.property(nested(2), (dataSet) => {
        const bytes = encodeDataSet(dataSet, transferSyntaxUid);
        assert.equal(bytes.length % 2, 0);
        assert.deepEqual(withoutCharacterSet(decodeDataSet(bytes, transferSyntaxUid)), dataSet);
      }),
      { numRuns: 200 },
    );
  });
}

test('PS3.5 §7: no cut of a data set is read as another error than truncated or malformed', () => {
  fc.assert(
    fc.property(nested(1), fc.nat(400), (dataSet, length) => {
      const bytes = encodeDataSet(dataSet, explicitVrLittleEndianUid).subarray(0, length);
      try {
        decodeDataSet(bytes, explicitVrLittleEndianUid);
      } catch (error) {
        assert.match(String((error as { code?: string }).code), /^(truncated|malformed)$/);
      }
    }),
  );
});
