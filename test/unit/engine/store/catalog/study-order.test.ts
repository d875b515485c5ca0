import assert from 'node:assert/strict';
import { test } from 'node:test';
import { studyOrderBounds, studyOrderPart } from '#engine/store/catalog/study-order.js';

const partOf = (date: string, time: string): string =>
  studyOrderPart({
    '00080020': { vr: 'DA', Value: [date] },
    '00080030': { vr: 'TM', Value: [time] },
  });

test('newer studies sort first, those without a time or a date last', () => {
  const parts = [
    partOf('20240302', ''),
    partOf('20240301', '1030'),
    partOf('2024.03.01', '10:29:59.5'),
    partOf('20240301', '102959'),
    partOf('20240301', ''),
    partOf('', '10'),
    partOf('', ''),
  ];
  assert.deepEqual(parts.toSorted(), parts);
  assert.equal(new Set(parts).size, parts.length);
});

test('a study that a key cannot place is apart from all others', () => {
  const several = { '00080020': { vr: 'DA' as const, Value: ['20240301', '20240302'] } };
  assert.equal(studyOrderPart(several), '0');
  assert.equal(partOf('2024030a', '10'), '0');
});

test('bounds hold the days from the first to the last', () => {
  const { begin, end } = studyOrderBounds('20240229', '20240301');
  const isIn = (part: string): boolean => part >= begin && part < end;
  assert.ok(isIn(partOf('20240301', '235959')) && isIn(partOf('20240229', '')));
  assert.ok(!isIn(partOf('20240302', '000000')) && !isIn(partOf('20240228', '235959')));
  assert.ok(!isIn(partOf('', '10')));
});
