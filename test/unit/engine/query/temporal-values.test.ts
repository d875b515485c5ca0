import { test } from 'node:test';
import assert from 'node:assert/strict';
import { readTemporalSpan, splitTemporalRange } from '#engine/query/temporal-values.js';

const span = (vr: 'DA' | 'TM' | 'DT', text: string): string | undefined => {
  const read = readTemporalSpan(vr, text);
  return read && `${read.earliest} ${read.latest}`;
};

test('PS3.5 §6.2: dates, times and date times cover what their precision says', () => {
  assert.equal(span('DA', '20240229'), '20240229 20240229');
  assert.equal(span('DA', '2024.02.29'), '20240229 20240229');
  assert.equal(span('TM', '10'), '100000.000000 105959.999999');
  assert.equal(span('TM', '1030'), '103000.000000 103059.999999');
  assert.equal(span('TM', '10:30:15'), '103015.000000 103015.999999');
  assert.equal(span('TM', '103015.25'), '103015.250000 103015.259999');
  assert.equal(span('TM', '235960'), '235960.000000 235960.999999');
  assert.equal(span('DT', '2023'), '20230101000000.000000 20231231235959.999999');
  assert.equal(span('DT', '202302'), '20230201000000.000000 20230228235959.999999');
  assert.equal(span('DT', '202401010030+0100'), '20231231233000.000000 20231231233059.999999');
  assert.equal(span('DT', '20231231233015.5-0030'), '20240101000015.500000 20240101000015.599999');
});

test('values that name no moment are not read', () => {
  for (const text of ['', '2024', '20230229', '20241301', '20240100', '2024-01-01', '2024.0101']) {
    assert.equal(span('DA', text), undefined, text);
  }
  for (const text of ['1', '24', '1060', '103061', '10.5', '103015.1234567']) {
    assert.equal(span('TM', text), undefined, text);
  }
  for (const text of ['202', '20240230', '2024+1500', '2024+01', '202413']) {
    assert.equal(span('DT', text), undefined, text);
  }
});

test('PS3.4 §C.2.2.2.5: a hyphen makes a range', () => {
  assert.equal(splitTemporalRange('DA', '20240101'), undefined);
  assert.deepEqual(splitTemporalRange('DA', '20240101-'), { from: '20240101' });
  assert.deepEqual(splitTemporalRange('TM', '-1030'), { to: '1030' });
  assert.deepEqual(splitTemporalRange('DA', '-'), {});
});

test('PS3.4 §C.2.2.2.5: a hyphen in a DT is an offset when it can be one', () => {
  assert.equal(splitTemporalRange('DT', '20240101-0500'), undefined);
  assert.equal(splitTemporalRange('DT', '20240101103000.5+0100'), undefined);
  assert.deepEqual(splitTemporalRange('DT', '2023-2024'), { from: '2023', to: '2024' });
  assert.deepEqual(splitTemporalRange('DT', '20240101-0500-'), { from: '20240101-0500' });
  assert.deepEqual(splitTemporalRange('DT', '-20240101-0500'), { to: '20240101-0500' });
  assert.deepEqual(splitTemporalRange('DT', '2023-0500-2024-0500'), {
    from: '2023-0500',
    to: '2024-0500',
  });
});
