import { test } from 'node:test';
import assert from 'node:assert/strict';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { QueryCondition } from '#engine/query/query-expression.js';
import { parseQueryValue, type QueryValueOptions } from '#engine/query/parse-query-value.js';

type Stated = { [Key in keyof QueryCondition]: unknown } & Record<string, unknown>;

/** The condition without its attribute. */
function parse(
  tag: string,
  text: string,
  options?: QueryValueOptions,
): Partial<Stated> | undefined {
  const condition = parseQueryValue('study', { tag }, text, options);
  if (condition === undefined) return undefined;
  const { attribute, ...rest } = condition;
  assert.equal(attribute.tag, tag);
  return rest;
}

const patientName = '00100010';
const patientId = '00100020';
const studyDate = '00080020';
const studyUid = '0020000D';
const modalities = '00080061';

test('PS3.4 §C.2.2.2.3: no value, or nothing but *, matches everything', () => {
  for (const text of ['', '  ', '*', '**', '\0']) assert.equal(parse(patientId, text), undefined);
  assert.equal(parse(studyDate, '*'), undefined);
  assert.equal(parse(patientName, '^^'), undefined);
  assert.equal(parse(patientName, '*^*=*'), undefined);
  assert.equal(parse(studyUid, ','), undefined);
});

test('PS3.4 §C.2.2.2.1: a value without wildcard is matched as it is', () => {
  assert.deepEqual(parse(patientId, ' A,1 '), { kind: 'equals', value: 'A,1' });
  assert.deepEqual(parse(patientName, 'Doe^J'), { kind: 'equals', value: 'Doe^J' });
  assert.deepEqual(parse(studyUid, '1.2.3\0'), { kind: 'equals', value: '1.2.3' });
});

test('PS3.4 §C.2.2.2.4: wildcards, unless the dialect takes them literally', () => {
  assert.deepEqual(parse(patientId, 'A*'), { kind: 'wildcard', pattern: 'A*' });
  assert.deepEqual(parse(patientId, 'A*', { literalWildcards: true, ignoresCase: true }), {
    kind: 'equals',
    value: 'A*',
    ignoresCase: true,
  });
  assert.deepEqual(parse(patientName, 'do?', { fuzzyNames: true }), {
    kind: 'wildcard',
    pattern: 'do?',
  });
});

test('PS3.4 §C.2.2.2.2: lists by comma or backslash', () => {
  const list = { kind: 'one-of', values: ['1.2', '1.3'] };
  assert.deepEqual(parse(studyUid, '1.2,1.3'), list);
  assert.deepEqual(parse(studyUid, '1.2\\1.3\0'), list);
  assert.deepEqual(parse(modalities, 'CT\\MR'), { kind: 'one-of', values: ['CT', 'MR'] });
  assert.deepEqual(parse(modalities, 'CT'), { kind: 'equals', value: 'CT' });
});

test('PS3.4 §C.2.2.2.5: ranges', () => {
  assert.deepEqual(parse(studyDate, '20240101-20240131'), {
    kind: 'range',
    from: '20240101',
    to: '20240131',
  });
  assert.deepEqual(parse(studyDate, '20240101-'), { kind: 'range', from: '20240101' });
  assert.deepEqual(parse('00080030', '-10'), { kind: 'range', to: '10' });
});

test('PS3.18 §8.3.4.2: fuzzy matching takes the words of a name', () => {
  assert.deepEqual(parse(patientName, 'john doe^x', { fuzzyNames: true }), {
    kind: 'fuzzy-name',
    words: ['john', 'doe', 'x'],
  });
});

test('a member of a sequence', () => {
  const attribute = { tag: '00400275', memberTag: '00401001' };
  assert.deepEqual(parseQueryValue('series', attribute, 'RP1'), {
    kind: 'equals',
    attribute,
    value: 'RP1',
  });
});

test('values that do not fit are refused with the keyword and without the value', () => {
  for (const [tag, text] of [
    [studyDate, '-'],
    [studyDate, '20240102-20240101'],
    [studyDate, '20240101-20240102-'],
    [studyDate, '2024*'],
    [studyDate, 'x'],
    ['00080030', '2530'],
    [studyUid, '1.2.x'],
    [studyUid, '1.2*'],
    [modalities, 'C*,MR'],
    ['00201208', 'many'],
    [patientId, 'y'.repeat(1_025)],
    [studyUid, Array(2_001).fill('1.2').join(',')],
  ] as const) {
    assert.throws(
      () => parse(tag, text),
      (error) =>
        error instanceof GantryError &&
        error.code === 'bad-request' &&
        /^[A-Z][A-Za-z]+: /.test(error.detail) &&
        !error.detail.includes(text),
      `${tag} ${text.slice(0, 20)}`,
    );
  }
});

test('attributes of a lower level, and those that are only returned, cannot be searched', () => {
  for (const tag of ['00080060', '00080005', '00081190', '00000000']) {
    assert.throws(() => parse(tag, 'CT'), { code: 'bad-request' });
  }
});
