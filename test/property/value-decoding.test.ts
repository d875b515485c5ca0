import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';
import { formatJsonValue } from '#engine/dicom/json-model/format-json-value.js';
import type { JsonValue } from '#engine/dicom/json-model/json-model-types.js';

const registrations = [
  6, 13, 14, 58, 87, 100, 101, 109, 110, 126, 127, 138, 144, 148, 149, 159, 166,
];
const terms = [
  ...['', 'ISO_IR 192', 'GB18030', 'GBK', 'ISO_IR 203', 'nonsense'],
  ...registrations.map((registration) => `ISO_IR ${registration}`),
  ...registrations.map((registration) => `\\ISO 2022 IR ${registration}`),
];
const vrs = [
  ...['AE', 'AS', 'AT', 'CS', 'DA', 'DS', 'DT', 'FD', 'FL', 'IS', 'LO', 'LT', 'PN', 'SH', 'SL'],
  ...['SS', 'ST', 'SV', 'TM', 'UC', 'UI', 'UL', 'UR', 'US', 'UT', 'UV'],
];

const escapes = ['(B', '(J', ')I', '$B', '$(D', '$)C', '$)A', '-A', '-L', '-T', '%G', ''];
const escapeBytes = fc
  .constantFrom(...escapes)
  .map((sequence) => [...Buffer.from(`\x1b${sequence}`, 'latin1')]);
const plainBytes = fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 8 });
const numberBytes = fc
  .string({ unit: fc.constantFrom(...'0123456789+-.eE\\ '), maxLength: 24 })
  .map((text) => [...Buffer.from(text)]);

/** Bytes with more escape sequences, delimiters and digits than chance would give. */
const hostileBytes = fc
  .array(fc.oneof(plainBytes, escapeBytes, numberBytes), { maxLength: 12 })
  .map((parts) => Uint8Array.from(parts.flat()));

test('any bytes decode in any set, and each ASCII text is itself', () => {
  fc.assert(
    fc.property(fc.constantFrom(...terms), hostileBytes, (term, bytes) => {
      const charset = SpecificCharacterSet.from(term);
      for (const kind of ['text', 'person-name'] as const) {
        const text = charset.decode(bytes, kind);
        assert.ok(text.length <= bytes.length);
        assert.ok(!text.includes('\ufffd') || charset.replacements > 0);
      }
      const ascii = bytes.map((byte) => byte & 0x7f).filter((byte) => byte !== 0x1b);
      assert.equal(charset.decode(ascii, 'text'), Buffer.from(ascii).toString('latin1'));
    }),
    { numRuns: 500 },
  );
});

test('UTF-8 text round-trips', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const charset = SpecificCharacterSet.from('ISO_IR 192');
      const bytes = Uint8Array.from(Buffer.from(text));
      assert.equal(charset.decode(bytes, 'text'), Buffer.from(text).toString());
    }),
  );
});

test('any bytes of any VR give a well-formed, non-empty JSON array', () => {
  fc.assert(
    fc.property(
      ...[fc.constantFrom(...vrs), fc.constantFrom(...terms), hostileBytes, fc.boolean()],
      (vr: string, term: string, bytes: Uint8Array, littleEndian: boolean) => {
        const before = Uint8Array.from(bytes);
        const json = formatJsonValue(vr, bytes, littleEndian, SpecificCharacterSet.from(term));
        assert.deepEqual(bytes, before);
        if (json === undefined) return;
        const values = JSON.parse(json) as JsonValue[];
        assert.ok(Array.isArray(values) && values.length > 0);
        assert.ok(values.length > 1 || values[0] !== null);
        for (const value of values) assert.notEqual(value, '');
      },
    ),
    { numRuns: 2000 },
  );
});

test('FL and FD read back to the same value', () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const read = readOne(formatFloats('FL', Float32Array.of(value)));
      assert.ok(Object.is(Math.fround(read), value));
      // Nine digits are enough for any float32, IEEE 754.
      const mantissa = read.toExponential().replace(/e.*/, '');
      assert.ok(mantissa.replace(/\D/g, '').length <= 9);
    }),
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.ok(Object.is(readOne(formatFloats('FD', Float64Array.of(value))), value));
    }),
  );
});

function formatFloats(vr: string, values: Float32Array | Float64Array): string {
  const bytes = new Uint8Array(values.buffer);
  return formatJsonValue(vr, bytes, true, SpecificCharacterSet.default) ?? '';
}

function readOne(json: string): number {
  return (JSON.parse(json) as [number])[0];
}
