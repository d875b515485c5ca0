import { test } from 'node:test';
import assert from 'node:assert/strict';
import { compileCount, compileSql } from '#engine/query/compile-sql.js';
import type { QueryCondition, QueryExpression } from '#engine/query/query-expression.js';

const query = (
  level: QueryExpression['level'],
  ...conditions: QueryCondition[]
): QueryExpression => ({ partition: 3, level, conditions, limit: 10, offset: 20 });

test('a query becomes a statement with bound values, one row more than its limit', () => {
  assert.deepEqual(
    compileSql(query('study', { kind: 'equals', attribute: { tag: '00201208' }, value: '7' })),
    {
      text:
        'SELECT studies."study_instance_uid", studies."study_date", studies."study_time"' +
        ' FROM studies WHERE studies."partition" = $1' +
        ' AND studies."number_of_study_related_instances" = $2' +
        ' ORDER BY studies."study_date" DESC NULLS LAST, studies."study_time" DESC NULLS LAST,' +
        ' studies."study_instance_uid" ASC NULLS LAST LIMIT $3 OFFSET $4',
      values: [3n, 7, 11n, 20n],
      positionCells: [1, 2, 0],
    },
  );
});

test('what lies behind a position is equal in the first keys and later in the next', () => {
  const { text, values } = compileSql({ ...query('study'), after: ['20240131', null, '1.2'] });
  assert.ok(
    text.includes(
      ' AND ((studies."study_date" < $2 OR studies."study_date" IS NULL)' +
        ' OR studies."study_date" = $2 AND studies."study_time" IS NULL' +
        ' AND (studies."study_instance_uid" > $3 OR studies."study_instance_uid" IS NULL))',
    ),
    text,
  );
  assert.deepEqual(values.slice(1, 3), ['20240131', '1.2']);
});

test('a count asks the same conditions without order and page', () => {
  const { text } = compileCount({ ...query('study'), after: ['20240131', null, '1.2'] });
  assert.equal(text, 'SELECT count(*) FROM studies WHERE studies."partition" = $1');
});

test('only the levels that are asked for are joined', () => {
  const patientId = { tag: '00100020' };
  const text = (expression: QueryExpression): string => compileSql(expression).text;
  assert.ok(!text(query('instance')).includes('JOIN'));
  const uid = query('instance', { kind: 'equals', attribute: { tag: '0020000D' }, value: '1.2' });
  assert.ok(!text(uid).includes('JOIN'));
  const joined = text(query('instance', { kind: 'equals', attribute: patientId, value: 'P' }));
  assert.match(joined, /JOIN studies ON/);
  assert.ok(!joined.includes('JOIN series'));
});

test('nothing of a value becomes SQL or a regular expression', () => {
  const value = `'; DROP TABLE studies; -- .*+(){}[]|^$\\ %_"`;
  const attribute = { tag: '00081030' };
  const { text } = compileSql(query('study', { kind: 'equals', attribute, value }));
  assert.ok(!text.includes('DROP'));
  const { values } = compileSql(
    query('study', { kind: 'wildcard', attribute, pattern: 'a?.+\\Q%' }),
  );
  assert.equal(values[1], '(?:\\A|\u001F)a[^\u001F]\\.\\+\\\\Q\\%(?:\\z|\u001F)');
});

test('keys of one sequence are asked of its items, a single one of the column of its member', () => {
  const key = (memberTag: string, value: string): QueryCondition => ({
    kind: 'equals',
    attribute: { tag: '00081032', memberTag },
    value,
  });
  const one = compileSql(query('study', key('00080100', 'A'))).text;
  assert.ok(one.includes('studies."procedure_code_sequence_code_value" = $2'), one);
  assert.ok(!one.includes('list_filter'));
  const { text, values } = compileSql(query('study', key('00080100', 'A'), key('00080104', 'B')));
  assert.ok(text.includes('string_split(coalesce(studies."procedure_code_sequence", \'\')'), text);
  assert.ok(text.includes("nullif(string_split(item, chr(29))[3], '') = $4"), text);
  assert.deepEqual(values.slice(1, 5), ['A', '\u001fA\u001f', 'B', '\u001fB\u001f']);
  assert.ok(
    compileSql(
      query('study', { kind: 'empty', attribute: { tag: '00081032', memberTag: '00080100' } }),
    ).text.includes('list_filter'),
  );
});
