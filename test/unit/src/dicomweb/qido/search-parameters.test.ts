import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { orderOf } from '#engine/query/match-order.js';
import { dialects, type DialectName } from '#src/dicomweb/dialect.js';
import { encodeRecordKey } from '#src/dicomweb/qido/record-key.js';
import {
  parseSearchParameters,
  type SearchRequest,
  type SearchTarget,
} from '#src/dicomweb/qido/search-parameters.js';

type Parameters = readonly (readonly [string, string])[];

function parse(
  parameters: Parameters,
  target: Partial<SearchTarget> = {},
  dialect: DialectName = 'standard',
): SearchRequest {
  return parseSearchParameters(
    parameters,
    { partition: 0, level: 'study', ...target },
    {
      dialect: dialects[dialect],
      limitDefault: 150,
      limitMax: 200,
      phoneticNames: false,
      mayExplain: false,
    },
  );
}

const instances = { level: 'instance' } as const;
const series = { level: 'series' } as const;

function refuses(parameters: Parameters, target: Partial<SearchTarget> = {}): void {
  assert.throws(() => parse(parameters, target, 'azure'), { code: 'bad-request' });
}

describe('PS3.18 §8.3.4 search parameters', () => {
  test('beyond the standard: explain is left out, with a warning, where it is not turned on', () => {
    const { isExplained, warnings } = parse([['explain', 'true']]);
    assert.equal(isExplained, false);
    assert.deepEqual(warnings, ['The parameter explain was ignored: it is for administrators.']);
    assert.deepEqual(parse([['explain', 'false']]).warnings, []);
  });

  test('attributes are named by keyword or tag, in any case', () => {
    for (const name of ['PatientID', '00100020']) {
      assert.deepEqual(parse([[name, 'A']]).query.conditions, [
        { kind: 'equals', attribute: { tag: '00100020' }, value: 'A' },
      ]);
    }
    const [condition] = parse([['0020000d', '1.2']]).query.conditions;
    assert.equal(condition!.attribute.tag, '0020000D');
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
    assert.equal(parse([['PatientID', 'A']], instances).query.conditions.length, 1);
  });

  test('members of a sequence are named with a dot', () => {
    for (const name of [
      'RequestAttributesSequence.RequestedProcedureID',
      '00400275.00401001',
      '00400275.RequestedProcedureID',
    ]) {
      assert.deepEqual(parse([[name, 'P1']], series).query.conditions[0]!.attribute, {
        tag: '00400275',
        memberTag: '00401001',
      });
    }
    assert.equal(parse([['00400275.00400009.00080100', 'x']], series).query.conditions.length, 0);
    assert.equal(parse([['RequestAttributesSequence', 'x']], series).query.conditions.length, 0);
  });

  test('limit and offset are unsigned integers', () => {
    const { query } = parse([
      ['limit', '7'],
      ['offset', '21'],
    ]);
    assert.deepEqual([query.limit, query.offset], [7, 21]);
    assert.equal(parse([]).query.limit, 150);
    assert.equal(parse([['limit', '5000']]).query.limit, 200);
    for (const value of ['-1', 'x', '', '1.5', '99999999999']) {
      assert.throws(() => parse([['limit', value]]), GantryError);
    }
    assert.throws(() => parse([['offset', '99999999']]), GantryError);
  });

  test('§8.3.4.1.1: ranges of a date and of its time are one range of moments', () => {
    const { conditions } = parse([
      ['StudyTime', '2200-0200'],
      ['StudyDate', '20240101-20240103'],
    ]).query;
    assert.deepEqual(conditions, [
      {
        kind: 'moment-range',
        attribute: { tag: '00080020' },
        timeAttribute: { tag: '00080030' },
        from: '20240101220000.000000',
        to: '20240103020059.999999',
      },
    ]);
  });

  test('§8.3.4.5, §8.3.4.6: empty and multiple values are matched when that is asked for', () => {
    const empty: Parameters = [['PatientID', '""']];
    assert.equal(parse(empty).query.conditions[0]!.kind, 'equals');
    const asked = parse([['emptyvaluematching', 'true'], ...empty]).query.conditions;
    assert.deepEqual(asked, [{ kind: 'empty', attribute: { tag: '00100020' } }]);
    const both: Parameters = [['ModalitiesInStudy', 'CT\\PT']];
    assert.equal(parse(both).query.conditions[0]!.kind, 'one-of');
    const all = parse([...both, ['multiplevaluematching', 'true']]).query.conditions[0]!;
    assert.equal(all.kind, 'all-of');
    assert.throws(() => parse([['fuzzymatching', 'perhaps']]), GantryError);
  });

  test('includefield takes lists, repetition and all, and what is matched is returned too', () => {
    const { fields } = parse([
      ['includefield', 'PatientComments,00081032'],
      ['includefield', '00101010'],
      ['PatientWeight', '70'],
    ]);
    for (const tag of ['00081032', '00101010', '00101030', '00080020']) {
      assert.ok(fields.tags.study.has(tag), tag);
    }
    assert.ok(!fields.tags.study.has('00101020'));
    assert.ok(parse([['includefield', 'all']]).fields.tags.study.has('00101020'));
  });

  test('§10.6.3.3: rows have their own level, relational ones those above, and what is asked for of them', () => {
    const tagsOf = (parameters: Parameters, target: Partial<SearchTarget>) =>
      parse(parameters, target).fields.tags;
    assert.ok(tagsOf([], instances).study.has('00100010'));
    assert.ok(tagsOf([], instances).series.has('00080060'));
    const below = { ...series, studyInstanceUid: '1.2' };
    assert.deepEqual(tagsOf([], below).study, new Set(['0020000D', '00080005', '00080201']));
    assert.ok(tagsOf([['includefield', 'PatientName']], below).study.has('00100010'));
    assert.ok(tagsOf([], { ...instances, studyInstanceUid: '1.2' }).series.has('00080060'));
  });

  test('an attribute that is named again in orderby orders nothing', () => {
    const { query } = parse([['orderby', 'StudyDate,-PatientName,-00080020,StudyDate']]);
    assert.deepEqual(query.orderBy, parse([['orderby', 'StudyDate,-PatientName']]).query.orderBy);
  });

  test('however many parameters are ignored, a few are named', () => {
    const unknown = Array.from({ length: 500 }, (_, n) => [`X${n}`, ''] as const);
    const explained = Array.from({ length: 500 }, () => ['explain', 'true'] as const);
    const { warnings } = parse([...unknown, ...explained]);
    assert.ok(warnings.includes('The parameter X0 was ignored.'));
    assert.ok(warnings.length <= 17, String(warnings.length));
  });

  test('orderby takes a list, descending behind a hyphen, and goes before the order of the level', () => {
    const { query } = parse([['orderby', 'PatientName,-00080020']]);
    assert.deepEqual(
      orderOf(query).map(({ column, isDescending }) => [column.keyword, isDescending]),
      [
        ['PatientName', false],
        ['StudyDate', true],
        ['StudyTime', true],
        ['StudyInstanceUID', false],
      ],
    );
    for (const value of ['Rubbish', 'Modality', 'AdditionalPatientHistory', '']) {
      assert.throws(() => parse([['orderby', value]]), GantryError, value);
    }
  });

  test('a key to continue from belongs to its order', () => {
    const order = orderOf(parse([]).query);
    const key = encodeRecordKey(order, ['20240131', null, '1.2']);
    for (const text of [key.toString('base64url'), key.toString('base64')]) {
      assert.deepEqual(parse([['after', text]]).query.after, ['20240131', null, '1.2']);
      assert.deepEqual(parse([['0008041C', text]]).query.after, ['20240131', null, '1.2']);
    }
    const other = encodeRecordKey(order, ['20240131', 5, '1.2']);
    for (const text of ['', 'x', '!', other.toString('base64'), 'bnVsbA==', 'W10=']) {
      assert.throws(() => parse([['after', text]]), { code: 'bad-request' }, text);
    }
    assert.throws(
      () =>
        parse([
          ['after', key.toString('base64')],
          ['orderby', 'PatientName'],
        ]),
      { code: 'bad-request' },
    );
  });

  test('any parameters give a search or bad-request, in time that their number bounds', () => {
    const name = fc.oneof(
      fc.constantFrom(
        ...['limit', 'offset', 'includefield', 'fuzzymatching', 'orderby', 'after', 'StudyDate'],
        ...['StudyTime', '00100010', 'PatientID', 'ModalitiesInStudy', '00400275.00400009'],
        ...['emptyvaluematching', 'multiplevaluematching', '0008041C', 'AcquisitionDateTime'],
      ),
      fc.string({ unit: 'binary', maxLength: 12 }),
    );
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('true', 'all', '-', '""', '*', '20240101-', 'A*B?', 'a\\b,c', '1-2-3'),
      fc
        .array(fc.constantFrom('2', '0', '-', '+', '*', '?', '=', '^', '\\', ',', '"', '.', '9'))
        .map((parts) => parts.join('')),
    );
    const search = fc.tuple(
      fc.array(fc.tuple(name, value), { maxLength: 8 }),
      fc.constantFrom<SearchTarget['level']>('study', 'series', 'instance'),
      fc.constantFrom<DialectName>('standard', 'azure'),
    );
    const property = fc.property(search, ([parameters, level, dialect]) => {
      try {
        parse(parameters, { level }, dialect);
      } catch (error) {
        assert.ok(error instanceof GantryError && error.code === 'bad-request', String(error));
      }
    });
    fc.assert(property, { numRuns: 3_000, interruptAfterTimeLimit: 10_000 });
  });
});

describe('Azure dialect: search parameters', () => {
  test('each resource matches the attributes of its route only', () => {
    const study = { studyInstanceUid: '1.2' };
    const inSeries = { ...study, seriesInstanceUid: '1.3', level: 'instance' as const };
    const ok = (name: string, target: Partial<SearchTarget>): void => {
      const value = name.endsWith('UID') ? '1.2' : name.endsWith('Date') ? '20240101' : 'A';
      assert.equal(parse([[name, value]], target, 'azure').query.conditions.length, 1, name);
    };
    for (const target of [{}, series, instances]) {
      ok('PatientName', target);
      ok('StudyInstanceUID', target);
    }
    for (const target of [series, instances, { ...series, ...study }, { ...instances, ...study }]) {
      ok('Modality', target);
      ok('PerformedProcedureStepStartDate', target);
    }
    for (const target of [instances, { ...instances, ...study }, inSeries]) {
      ok('SOPInstanceUID', target);
    }
    refuses([['PatientName', 'A']], { ...series, ...study });
    refuses([['StudyInstanceUID', '1.2']], { ...series, ...study });
    refuses([['Modality', 'CT']]);
    refuses([['SeriesInstanceUID', '1.2']], inSeries);
    refuses([['SOPInstanceUID', '1.2']], series);
  });

  test('unknown, repeated and empty attributes are refused', () => {
    refuses([['StudyID', 'A']]);
    refuses([['patientname', 'A']]);
    refuses([['Limit', '5']]);
    refuses([['emptyvaluematching', 'true']]);
    refuses([['PatientID', '']]);
    refuses([
      ['PatientID', 'A'],
      ['00100020', 'B'],
    ]);
    refuses([
      ['limit', '1'],
      ['limit', '2'],
    ]);
    assert.equal(parse([['', 'x']], {}, 'azure').query.conditions.length, 0);
  });

  test('limit is 1 to 200; all stands alone; fields are attributes', () => {
    for (const limit of ['0', '201', '-1', 'x']) refuses([['limit', limit]]);
    assert.equal(parse([['limit', '200']], {}, 'azure').query.limit, 200);
    refuses([['includefield', 'all,PatientName']]);
    refuses([['includefield', 'Rubbish']]);
    const { fields } = parse([['includefield', '00080060,00081030']], {}, 'azure');
    assert.ok(fields.tags.study.has('00081030'));
  });

  test('ranges have a bound and an order; wildcards stand for themselves; case does not matter', () => {
    refuses([['StudyDate', '-']]);
    refuses([['StudyDate', '20240102-20240101']]);
    refuses([
      ['PatientName', 'A"B'],
      ['fuzzymatching', 'true'],
    ]);
    assert.deepEqual(parse([['PatientID', 'A*']], {}, 'azure').query.conditions, [
      { kind: 'equals', attribute: { tag: '00100020' }, value: 'A*', ignoresCase: true },
    ]);
  });

  test('rows have few attributes, and more with all', () => {
    const { study } = parse([], {}, 'azure').fields.tags;
    assert.deepEqual([...study].sort(), [
      ...['00080020', '00080050', '00080090', '00081030', '00100010', '00100020', '00100030'],
      '0020000D',
    ]);
    const all = parse([['includefield', 'all']], series, 'azure').fields.tags;
    assert.ok(all.series.has('00400275') && all.study.has('00200010'));
    const below = parse([], { ...instances, studyInstanceUid: '1.2' }, 'azure').fields.tags;
    assert.deepEqual([...below.instance], ['00080018']);
    assert.deepEqual([...below.study], ['0020000D']);
    assert.ok(below.series.has('00081090'));
  });
});
