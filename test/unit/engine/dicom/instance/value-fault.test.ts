import assert from 'node:assert/strict';
import { test } from 'node:test';
import { vrCode } from '#engine/dicom/dictionary/vr.js';
import { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';
import type { InstanceRules } from '#engine/dicom/instance/instance-rules.js';
import { valueFault } from '#engine/dicom/instance/value-fault.js';

const charset = SpecificCharacterSet.from('ISO_IR 192');

function faultOf(
  vr: string,
  value: string | Uint8Array,
  omits: InstanceRules['omits'] = 'unreadable',
): string | undefined {
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return valueFault(vrCode(vr), bytes, `["${bytes.toString()}"]`, { omits, charset });
}

const unreadable: readonly (readonly [vr: string, value: string, fault: RegExp])[] = [
  ['AS', '42Y', /age/],
  ['DA', '20240230', /date/],
  ['DS', '1,5', /decimal/],
  ['DS', '1.5\\x', /decimal/],
  ['DT', '2024133', /date and time/],
  ['IS', '1.5', /integer/],
  ['IS', '2147483648', /integer/],
  ['IS', '-2147483649', /integer/],
  ['TM', '2561', /time/],
  ['UI', '1.2.x', /UID/],
];
const nonconformant: readonly (readonly [vr: string, value: string, fault: RegExp])[] = [
  ['CS', 'lower', /code string/],
  ['LO', 'x'.repeat(65), /longer than 64/],
  ['SH', 'é'.repeat(17), /longer than 16/],
  ['UI', '1.02.3', /leading zero/],
  ['PN', 'a=b=c=d', /component groups/],
  ['PN', 'a^b^c^d^e^f', /components/],
  ['PN', `=${'x'.repeat(65)}`, /group longer/],
  ['LO', 'a\u0001', /control/],
  ['LT', 'a\u0001', /control/],
];
const readable: readonly (readonly [vr: string, value: string])[] = [
  ['AS', '042Y'],
  ['DA', '20240229'],
  ['DA', '20240229\\\\20240301'],
  ['DS', ' 1.5e-3 \\-2.'],
  ['IS', '2147483647'],
  ['IS', '-2147483648 '],
  ['TM', '235959.5'],
  ['UI', '1.2.840\0'],
  ['SH', 'é'.repeat(16)],
  ['LT', 'line\r\nline\\line'],
  ['PN', 'Alpha^One=山田^太郎'],
];

test('PS3.5 §6.2 a value that does not say what its VR stands for is unreadable', () => {
  for (const [vr, value, fault] of unreadable) assert.match(faultOf(vr, value) ?? '', fault, value);
});

test('PS3.5 §6.2 what is readable and breaks a rule is a fault only where nonconformant values are', () => {
  for (const [vr, value, fault] of nonconformant) {
    assert.equal(faultOf(vr, value), undefined, value);
    assert.match(faultOf(vr, value, 'nonconformant') ?? '', fault, value);
  }
});

test('PS3.5 §6.2 padded, empty and multiple values are none', () => {
  for (const [vr, value] of readable) {
    assert.equal(faultOf(vr, value), undefined, value);
    assert.equal(faultOf(vr, value, 'nonconformant'), undefined, value);
  }
});

test('PS3.5 §6.2 a binary number has its size or a multiple of it', () => {
  for (const [vr, size] of [
    ['US', 2],
    ['AT', 4],
    ['FD', 8],
  ] as const) {
    assert.equal(faultOf(vr, Buffer.alloc(2 * size)), undefined);
    assert.match(faultOf(vr, Buffer.alloc(2 * size + 1)) ?? '', /multiple/);
  }
});

test('numbers that came out as JSON numbers are still held against 32 bits', () => {
  const rules = { omits: 'unreadable', charset } as const;
  const number = '2147483648';
  assert.match(
    valueFault(vrCode('IS'), Buffer.from(number), `[${number}]`, rules) ?? '',
    /32 bits/,
  );
  assert.equal(valueFault(vrCode('IS'), Buffer.from('7 '), '[7]', rules), undefined);
});

test('no fault quotes the value', () => {
  for (const [vr, value] of [...unreadable, ...nonconformant]) {
    assert.ok(!faultOf(vr, value, 'nonconformant')!.includes(value), value);
  }
});
