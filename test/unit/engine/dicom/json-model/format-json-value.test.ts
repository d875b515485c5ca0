import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';
import { formatJsonValue } from '#engine/dicom/json-model/format-json-value.js';

function formatText(vr: string, text: string, term = ''): string | undefined {
  const bytes = Uint8Array.from(Buffer.from(text, 'latin1'));
  return formatJsonValue(vr, bytes, true, SpecificCharacterSet.from(term));
}

function formatBinary(
  vr: string,
  bytes: Uint8Array | ArrayBufferView,
  littleEndian = true,
): string | undefined {
  const copy = Uint8Array.from(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  return formatJsonValue(vr, copy, littleEndian, SpecificCharacterSet.default);
}

test('PS3.5 6.2 insignificant padding is removed, at both ends or at the end only', () => {
  for (const vr of ['AE', 'AS', 'CS', 'DA', 'DT', 'LO', 'SH', 'TM', 'UI']) {
    assert.equal(formatText(vr, ' A B \0'), '["A B"]', vr);
    assert.equal(formatText(vr, ' A \\B '), '["A","B"]', vr);
  }
  for (const vr of ['LT', 'ST', 'UR', 'UT']) {
    assert.equal(formatText(vr, '  A\\B \0'), '["  A\\\\B"]', vr);
    assert.equal(formatText(vr, '  A  '), '["  A"]', vr);
  }
  assert.equal(formatText('UC', ' A \\ B '), '[" A"," B"]');
  assert.equal(
    formatText('PN', 'Doe^John \\ Roe \0'),
    '[{"Alphabetic":"Doe^John"},{"Alphabetic":" Roe"}]',
  );
});

test('PS3.18 F.2.5 no value gives undefined, an empty value among others null', () => {
  for (const vr of ['CS', 'DS', 'IS', 'LO', 'LT', 'PN', 'UC', 'UI', 'UT']) {
    for (const text of ['', ' ', '\0', ' \0 ']) assert.equal(formatText(vr, text), undefined, vr);
  }
  for (const vr of ['US', 'AT', 'FD', 'SV']) assert.equal(formatText(vr, 'A'), undefined, vr);
  assert.equal(formatText('LO', '\x1b(B'), undefined);
  assert.equal(formatText('PN', '^^^ ^= ^='), undefined);
  assert.equal(formatText('CS', '\\A\\\\ \\B\\'), '[null,"A",null,null,"B",null]');
  assert.equal(formatText('DS', '1\\\\2'), '[1,null,2]');
  assert.equal(formatText('PN', 'A\\\\B'), '[{"Alphabetic":"A"},null,{"Alphabetic":"B"}]');
  assert.equal(formatText('CS', '\\'), '[null,null]');
});

test('PS3.18 F.2.2 person names have no empty groups', () => {
  assert.equal(
    formatText('PN', 'A^B=\xe9 =C=D', 'ISO_IR 100'),
    '[{"Alphabetic":"A^B","Ideographic":"é","Phonetic":"C"}]',
  );
  assert.equal(formatText('PN', '^A^=^'), '[{"Alphabetic":"^A^"}]');
  assert.equal(formatText('PN', '==C'), '[{"Phonetic":"C"}]');
  assert.equal(formatText('PN', 'A=='), '[{"Alphabetic":"A"}]');
});

test('text is escaped as JSON asks', () => {
  const text = 'say "hi"\t\r\n\x01\x7f';
  assert.deepEqual(JSON.parse(formatText('LT', text)!), [text]);
  assert.deepEqual(JSON.parse(formatText('LO', `${text}\\B`)!), [text, 'B']);
  assert.deepEqual(JSON.parse(formatText('PN', `${text}=B`)!), [
    { Alphabetic: text, Ideographic: 'B' },
  ]);
  const separators = Uint8Array.from(Buffer.from('a\u2028\u2029\u{1f600}'));
  assert.deepEqual(
    JSON.parse(formatJsonValue('LT', separators, true, SpecificCharacterSet.from('ISO_IR 192'))!),
    ['a\u2028\u2029\u{1f600}'],
  );
});

test('a byte 5CH inside a character does not split, in every VR of extended text', () => {
  assert.equal(formatText('LO', '\x81\x5c\\B', 'GBK'), '["乗","B"]');
  assert.equal(formatText('PN', '\x81\x5c\\B', 'GBK'), '[{"Alphabetic":"乗"},{"Alphabetic":"B"}]');
});

test('PS3.18 F.2.3 DS and IS are numbers with the digits of the file', () => {
  const samples = {
    '12 ': '[12]',
    '-0': '[-0]',
    '0.976562\\1.50': '[0.976562,1.50]',
    ' 1\\ 2 ': '[1,2]',
    '1e5\\-1.5E-03': '[1e5,-1.5E-03]',
    '100000000000000000000': '[100000000000000000000]',
    '0.1234567890123456': '[0.1234567890123456]',
    '-0.00000000000000': '[-0.00000000000000]',
    '0000.0': '["0000.0"]',
  };
  for (const vr of ['DS', 'IS']) {
    for (const [text, json] of Object.entries(samples)) assert.equal(formatText(vr, text), json);
  }
});

test('PS3.18 F.2.3 DS and IS are strings, all of them, where one is no faithful JSON number', () => {
  const texts = ['.03', '+1', '1.', '007', '-', '1e', '1.e5', 'NaN', '@', '1 2', '1,5', '--1', '"'];
  const unfaithful = [
    '9007199254740993',
    '1234567890.12345678901',
    '1e400',
    '1e-400',
    '1.2345e-321',
  ];
  for (const text of [...texts, ...unfaithful]) {
    assert.deepEqual(JSON.parse(formatText('DS', text)!), [text]);
    assert.deepEqual(JSON.parse(formatText('DS', `1\\\\${text} `)!), ['1', null, text]);
  }
});

test('PS3.18 F.2.3 binary integers, of either byte order, incomplete values ignored', () => {
  const bytes = Uint8Array.of(0x00, 0xff, 0x01, 0x02, 0x09);
  assert.equal(formatBinary('US', bytes), '[65280,513]');
  assert.equal(formatBinary('US', bytes, false), '[255,258]');
  assert.equal(formatBinary('US', bytes.subarray(0, 3)), '[65280]');
  assert.equal(formatBinary('US', bytes.subarray(0, 3), false), '[255]');
  assert.equal(formatBinary('SS', bytes), '[-256,513]');
  assert.equal(formatBinary('UL', Uint8Array.of(0, 0, 0, 0x80)), '[2147483648]');
  assert.equal(formatBinary('SL', Uint8Array.of(0, 0, 0, 0x80)), '[-2147483648]');
  assert.equal(formatBinary('AT', Uint8Array.of(0x10, 0, 0xaf, 0xfe)), '["0010FEAF"]');
  assert.equal(formatBinary('AT', Uint8Array.of(0x7f, 0xe0, 0, 0x10), false), '["7FE00010"]');
  assert.equal(
    formatBinary('SV', BigInt64Array.of(-1n, 2n ** 53n - 1n, 2n ** 53n, -(2n ** 63n))),
    '[-1,9007199254740991,"9007199254740992","-9223372036854775808"]',
  );
  assert.equal(formatBinary('UV', BigUint64Array.of(2n ** 64n - 1n)), '["18446744073709551615"]');
});

test('PS3.18 F.2.3 floats are the shortest decimal of their precision', () => {
  const values = [0.1, 1 / 3, 16777216, 2 ** 127, 1e-45, -0, 1.1754943508222875e-38, 3e10];
  assert.equal(
    formatBinary('FL', Float32Array.from(values)),
    '[0.1,0.33333334,16777216,1.7014118e+38,1e-45,-0,1.1754944e-38,30000000000]',
  );
  assert.equal(formatBinary('FD', Float64Array.of(0.1, 5e-324, -0)), '[0.1,5e-324,-0]');
  for (const vr of ['FL', 'FD']) {
    const values = [NaN, Infinity, -Infinity];
    const array = vr === 'FL' ? Float32Array.from(values) : Float64Array.from(values);
    assert.equal(formatBinary(vr, array), '["NaN","inf","-inf"]');
  }
});

test('other VRs are an error of the caller', () => {
  for (const vr of ['OB', 'OW', 'SQ', 'UN', '']) assert.throws(() => formatText(vr, 'A'), /VR/);
});
