import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contentRange, parseByteRange } from '#src/http/byte-range.js';

test('RFC 9110 §14.1.2: one range of bytes', () => {
  const rows: [string, number, number][] = [
    ['bytes=0-65535', 0, 100],
    ['bytes=0-9', 0, 10],
    ['bytes=90-', 90, 100],
    ['bytes=99-99', 99, 100],
    ['bytes=-10', 90, 100],
    ['bytes=-1000', 0, 100],
    ['Bytes= 5-5 ', 5, 6],
  ];
  for (const [header, start, end] of rows) {
    assert.deepEqual(parseByteRange(header, 100), { kind: 'part', start, end }, header);
  }
});

test('several ranges, other units and nonsense are ignored', () => {
  for (const header of [
    undefined,
    '',
    'bytes=0-1,5-6',
    'items=0-1',
    'bytes=5-4',
    'bytes=-',
    'bytes=a-b',
    'bytes',
    'bytes=1-2-3',
    `bytes=${'9'.repeat(20)}-`,
  ]) {
    assert.deepEqual(parseByteRange(header, 100), { kind: 'whole' }, header);
  }
});

test('RFC 9110 §15.5.17: ranges outside are unsatisfiable', () => {
  for (const header of ['bytes=100-', 'bytes=100-200', 'bytes=-0']) {
    assert.deepEqual(parseByteRange(header, 100), { kind: 'unsatisfiable' }, header);
  }
  assert.deepEqual(parseByteRange('bytes=0-', 0), { kind: 'unsatisfiable' });
});

test('RFC 9110 §14.4: Content-Range', () => {
  assert.equal(contentRange({ kind: 'part', start: 5, end: 10 }, 100), 'bytes 5-9/100');
  assert.equal(contentRange({ kind: 'unsatisfiable' }, 100), 'bytes */100');
});
