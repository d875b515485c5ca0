import assert from 'node:assert/strict';
import { test } from 'node:test';
import { combineDateTime } from '#engine/query/date-time-pairs.js';
import { evaluateInMemory } from '#engine/query/evaluate-in-memory.js';
import type { MomentRange } from '#engine/query/query-expression.js';
import type { StudyRecord } from '#engine/store/catalog/catalog-records.js';
import { studyRecord } from '#test/helpers/record-builder.js';

function range(date: string, time: string): MomentRange | undefined {
  return combineDateTime({ dateTag: '00080020', timeTag: '00080030' }, { date, time });
}

function matches(date: string, time: string, study: StudyRecord): boolean {
  const condition = range(date, time);
  assert.ok(condition !== undefined);
  const query = {
    partition: 0,
    level: 'study',
    conditions: [condition],
    limit: 1,
    offset: 0,
  } as const;
  return evaluateInMemory(query, { studies: [study], series: [], instances: [] }).keys.length === 1;
}

function includes(date: string, time: string, studyDate: string, studyTime?: string): boolean {
  const study = studyRecord('1.1', 1, {
    '00080020': { vr: 'DA', Value: [studyDate] },
    ...(studyTime !== undefined && { '00080030': { vr: 'TM', Value: [studyTime] } }),
  });
  return matches(date, time, study);
}

test('PS3.4 §C.2.2.2.5: from the first time of the first day to the last time of the last', () => {
  const dates = '20240101-20240103';
  assert.ok(includes(dates, '2200-0200', '20240102', '120000'));
  assert.ok(includes(dates, '2200-0200', '20240101', '220000'));
  assert.ok(!includes(dates, '2200-0200', '20240101', '215959'));
  assert.ok(includes(dates, '2200-0200', '20240103', '02'));
  assert.ok(!includes(dates, '2200-0200', '20240103', '0201'));
});

test('PS3.4 §C.2.2.2.5: a bound that is missing leaves that side open, or whole days', () => {
  assert.ok(includes('20240101-', '2200-', '20991231', '000000'));
  assert.ok(!includes('20240101-', '2200-', '20240101', '2100'));
  assert.ok(includes('-20240103', '-0200', '19000101', '235959'));
  assert.ok(includes('20240101-20240103', '2200-', '20240103', '235959'));
});

test('a match without a time begins its day; one without a date does not match', () => {
  assert.ok(includes('20240101-20240103', '0100-0200', '20240102'));
  assert.ok(!includes('20240101-20240103', '0100-0200', '20240101'));
  assert.ok(!matches('20240101-20240103', '0100-0200', studyRecord('1.1', 1)));
});

test('keys that state no range together are matched one by one', () => {
  assert.equal(range('20240101', '1000-1100'), undefined);
  assert.equal(range('20240101-20240103', ''), undefined);
  assert.throws(() => range('20240101-2024', '10-11'), { code: 'bad-request' });
  assert.throws(() => range('-', '10-11'), { code: 'bad-request' });
});
