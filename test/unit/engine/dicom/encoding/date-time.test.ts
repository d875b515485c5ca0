import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  parseDate,
  parseDateTime,
  parseTime,
  parseUtcOffset,
} from '#engine/dicom/encoding/date-time.js';

test('PS3.5 6.2 DA, the old form with full stops included', () => {
  assert.equal(parseDate('20240229'), '20240229');
  assert.equal(parseDate('2024.02.29'), '20240229');
  assert.equal(parseDate(' 20240229\0'), '20240229');
  const wrong = [
    '',
    '2024',
    '20230229',
    '19000229',
    '20241301',
    '20240100',
    '2024-02-29',
    '2024.0229',
    '２０２４0101',
  ];
  for (const text of wrong) assert.equal(parseDate(text), undefined, text);
});

test('PS3.5 6.2 TM covers what its missing components leave open', () => {
  assert.deepEqual(parseTime('10'), { first: '100000.000000', last: '105959.999999' });
  assert.deepEqual(parseTime('1030'), { first: '103000.000000', last: '103059.999999' });
  assert.deepEqual(parseTime('103015'), { first: '103015.000000', last: '103015.999999' });
  assert.deepEqual(parseTime('10:30:15.25 '), { first: '103015.250000', last: '103015.259999' });
  assert.deepEqual(parseTime('235960'), { first: '235960.000000', last: '235960.999999' });
  const wrong = ['', '1', '24', '1060', '103061', '103015.', '1030.5', '103015.1234567', '10:'];
  for (const text of wrong) assert.equal(parseTime(text), undefined, text);
});

test('PS3.5 6.2 DT of any precision, in UTC', () => {
  assert.deepEqual(parseDateTime('2023'), {
    first: '20230101000000.000000',
    last: '20231231235959.999999',
  });
  assert.deepEqual(parseDateTime('202402'), {
    first: '20240201000000.000000',
    last: '20240229235959.999999',
  });
  assert.deepEqual(parseDateTime('20240101003015.5+0100'), {
    first: '20231231233015.500000',
    last: '20231231233015.599999',
  });
  assert.deepEqual(parseDateTime('2024010110', -330), parseDateTime('2024010110-0530'));
  assert.equal(parseDateTime('0000+1400')?.first, '00000101000000.000000');
  assert.equal(parseDateTime('9999-0100')?.last, '99991231235959.999999');
  const wrong = [
    '',
    '20',
    '202413',
    '20230229',
    '2024022924',
    '20240101+9900',
    '20240101101010.+01',
    '2024.01.01',
  ];
  for (const text of wrong) assert.equal(parseDateTime(text), undefined, text);
});

test('PS3.3 C.12.1.1.8 offset from UTC in minutes', () => {
  assert.equal(parseUtcOffset('+0530'), 330);
  assert.equal(parseUtcOffset('-0500 '), -300);
  assert.equal(parseUtcOffset('-0000'), 0);
  for (const text of ['', '0100', '+1401', '-1201', '+0160']) {
    assert.equal(parseUtcOffset(text), undefined, text);
  }
});
