import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseQueryString, queryParameter, queryParameterValues } from '#src/http/query-string.js';

test('parameters keep order, repeats and empty values', () => {
  const query = parseQueryString(
    'PatientName=*M%C3%BCller*&00100020=A+B&StudyInstanceUID=1%5C2&includefield=a&includefield=b&x&=y&&z==',
  );
  assert.deepEqual(query, [
    ['PatientName', '*Müller*'],
    ['00100020', 'A B'],
    ['StudyInstanceUID', '1\\2'],
    ['includefield', 'a'],
    ['includefield', 'b'],
    ['x', ''],
    ['', 'y'],
    ['z', '='],
  ]);
  assert.equal(queryParameter(query, 'includefield'), 'a');
  assert.deepEqual(queryParameterValues(query, 'includefield'), ['a', 'b']);
  assert.equal(queryParameter(query, 'X'), undefined);
});

test('no query is no parameter', () => {
  assert.deepEqual(parseQueryString(''), []);
});

test('what is not percent-encoded UTF-8 is refused', () => {
  for (const text of ['a=%', 'a=%zz', 'a=%FC', '%C3=1']) {
    assert.throws(() => parseQueryString(text), { code: 'bad-request' }, text);
  }
});
