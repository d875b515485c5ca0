import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { parseSearchParameters } from '#src/dicomweb/qido/search-parameters.js';

type Parameters = readonly (readonly [string, string])[];

const parse = (parameters: Parameters, level: 'study' | 'series' | 'instance' = 'study') =>
  parseSearchParameters(parameters, { partition: 0, level }, { limitDefault: 500, limitMax: 900 });

describe('PS3.18 §8.3.4 search parameters', () => {
  test('attributes are named by keyword or tag, in any case', () => {
    for (const name of ['PatientID', '00100020']) {
      assert.deepEqual(parse([[name, 'A']]).query.conditions, [
        { kind: 'equals', attribute: { tag: '00100020' }, value: 'A' },
      ]);
    }
    assert.equal(parse([['0020000d', '1.2']]).query.conditions[0]!.attribute.tag, '0020000D');
  });

  test('an empty value matches everything, and an empty name is no parameter', () => {
    const { query, warnings } = parse([
      ['PatientID', ''],
      ['', 'x'],
    ]);
    assert.deepEqual([query.conditions, warnings], [[], []]);
  });

  test('unknown attributes are ignored with a warning that cannot inject a header', () => {
    const { query, warnings } = parse([['Person\r\nName: x', 'a']]);
    assert.equal(query.conditions.length, 0);
    assert.deepEqual(warnings, ['The parameter Person??Name??x was ignored.']);
  });

  test('attributes below the level are ignored, those above are matched', () => {
    assert.equal(parse([['Modality', 'CT']]).query.conditions.length, 0);
    assert.equal(parse([['PatientID', 'A']], 'instance').query.conditions.length, 1);
  });

  test('members of a sequence are named with a dot', () => {
    for (const name of [
      'RequestAttributesSequence.RequestedProcedureID',
      '00400275.00401001',
      '00400275.RequestedProcedureID',
    ]) {
      assert.deepEqual(parse([[name, 'P1']], 'series').query.conditions[0]!.attribute, {
        tag: '00400275',
        memberTag: '00401001',
      });
    }
  });

  test('limit and offset are unsigned integers', () => {
    const { query } = parse([
      ['limit', '7'],
      ['offset', '21'],
    ]);
    assert.deepEqual([query.limit, query.offset], [7, 21]);
    assert.equal(parse([]).query.limit, 500);
    assert.equal(parse([['limit', '5000']]).query.limit, 900);
    for (const value of ['-1', 'x', '', '1.5', '99999999999']) {
      assert.throws(() => parse([['limit', value]]), GantryError);
    }
    assert.throws(() => parse([['offset', '99999999']]), GantryError);
  });

  test('includefield takes lists, repetition and all', () => {
    const { fields } = parse([
      ['includefield', 'PatientComments,00081032'],
      ['includefield', '00101010'],
    ]);
    assert.deepEqual(fields.include, new Set(['00081032', '00101010']));
    assert.equal(parse([['includefield', 'all']]).fields.include, 'all');
  });

  test('a relational search returns the levels above as well', () => {
    assert.deepEqual(parse([], 'instance').fields.levels, ['instance', 'study', 'series']);
    const target = { partition: 0, level: 'series' as const, studyInstanceUid: '1.2' };
    assert.deepEqual(
      parseSearchParameters([], target, { limitDefault: 10, limitMax: 10 }).fields.levels,
      ['series'],
    );
  });
});
