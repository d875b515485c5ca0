import { test } from 'node:test';
import assert from 'node:assert/strict';
import { evaluateInMemory } from '#engine/query/evaluate-in-memory.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import type { AttributeReference, QueryCondition } from '#engine/query/query-expression.js';
import { seriesRecord, studyRecord } from '#test/helpers/record-builder.js';

type Stated = QueryCondition extends infer Each
  ? Each extends QueryCondition
    ? Omit<Each, 'attribute'>
    : never
  : never;

function matches(
  level: QueryLevel,
  attributes: JsonDataSet,
  attribute: AttributeReference,
  stated: Stated,
): boolean {
  const { keys } = evaluateInMemory(
    {
      partition: 0,
      level,
      conditions: [{ ...stated, attribute }],
      limit: 1,
      offset: 0,
    },
    {
      studies: [studyRecord('1.1', 1, level === 'study' ? attributes : {})],
      series: [seriesRecord('1.1', '1.2', 1, level === 'series' ? attributes : {})],
      instances: [],
    },
  );
  return keys.length === 1;
}

const name: JsonDataSet = {
  '00100010': {
    vr: 'PN',
    Value: [{ Alphabetic: 'Müller^Jörg^^', Ideographic: '山田^太郎', Phonetic: 'ﾔﾏﾀﾞ^ﾀﾛｳ' }],
  },
};

const matchesName = (stated: Stated): boolean =>
  matches('study', name, { tag: '00100010' }, stated);

test('PS3.4 §C.2.2.2.1: names match without case, accent and width, in every component group', () => {
  for (const value of [
    'muller^jorg',
    'MÜLLER^JÖRG^',
    '山田^太郎',
    'ヤマダ^タロウ',
    'Muller^Jorg=山田^太郎',
  ]) {
    assert.ok(matchesName({ kind: 'equals', value }), value);
  }
  for (const value of ['muller', 'muller^jorg^x', 'Muller^Jorg=山田']) {
    assert.ok(!matchesName({ kind: 'equals', value }), value);
  }
  assert.ok(matchesName({ kind: 'wildcard', pattern: 'MUL*' }));
  assert.ok(matchesName({ kind: 'wildcard', pattern: '*^?org' }));
  assert.ok(!matchesName({ kind: 'wildcard', pattern: '*org*太郎' }));
});

test('PS3.18 §8.3.4.2: fuzzy words begin words of the name, in any order', () => {
  assert.ok(matchesName({ kind: 'fuzzy-name', words: ['jör', 'mul'] }));
  assert.ok(!matchesName({ kind: 'fuzzy-name', words: ['ller'] }));
});

test('PS3.4 §C.2.2.2.1: other text matches with case, unless the dialect ignores it', () => {
  const attributes: JsonDataSet = { '00081030': { vr: 'LO', Value: ['Head CT '] } };
  const matchesText = (stated: Stated): boolean =>
    matches('study', attributes, { tag: '00081030' }, stated);
  assert.ok(matchesText({ kind: 'equals', value: 'Head CT' }));
  assert.ok(!matchesText({ kind: 'equals', value: 'head ct' }));
  assert.ok(matchesText({ kind: 'equals', value: 'head ct', ignoresCase: true }));
  assert.ok(!matchesText({ kind: 'wildcard', pattern: 'head*' }));
  assert.ok(matchesText({ kind: 'wildcard', pattern: 'HEAD*', ignoresCase: true }));
});

test('an element of several values matches when one of them does', () => {
  const attributes: JsonDataSet = {
    '00081080': { vr: 'LO', Value: ['first', null, 'second one'] },
  };
  const matchesText = (stated: Stated): boolean =>
    matches('study', attributes, { tag: '00081080' }, stated);
  assert.ok(matchesText({ kind: 'equals', value: 'second one' }));
  assert.ok(matchesText({ kind: 'wildcard', pattern: '*one' }));
  assert.ok(!matchesText({ kind: 'wildcard', pattern: 'first*one' }));
});

test('PS3.4 §C.2.2.2.5: times are compared by what they mean', () => {
  const attributes: JsonDataSet = { '00080030': { vr: 'TM', Value: ['101530.5'] } };
  const matchesTime = (stated: Stated): boolean =>
    matches('study', attributes, { tag: '00080030' }, stated);
  assert.ok(matchesTime({ kind: 'equals', value: '10' }));
  assert.ok(matchesTime({ kind: 'range', to: '10' }));
  assert.ok(matchesTime({ kind: 'range', from: '1015', to: '1015' }));
  assert.ok(!matchesTime({ kind: 'range', from: '11' }));
});

test('PS3.18 Table 10.6.1-5: RequestedProcedureID is found in the sequence and beside it', () => {
  const attributes = {
    '00400275': { vr: 'SQ', Value: [{ '00401001': { vr: 'SH', Value: ['RP1'] } }] },
  } as unknown as JsonDataSet;
  const equals = { kind: 'equals', value: 'RP1' } as const;
  const member = { tag: '00400275', memberTag: '00401001' };
  assert.ok(matches('series', attributes, member, equals));
  assert.ok(matches('series', attributes, { tag: '00401001' }, equals));
});

test('computed attributes are searched as the store computes them', () => {
  assert.ok(matches('study', {}, { tag: '00080061' }, { kind: 'one-of', values: ['MR', 'CT'] }));
  assert.ok(matches('study', {}, { tag: '00201208' }, { kind: 'equals', value: '01' }));
  assert.ok(!matches('study', {}, { tag: '00201206' }, { kind: 'equals', value: '2' }));
});
