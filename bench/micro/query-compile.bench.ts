import { compileSql } from '#engine/query/compile-sql.js';
import type { QueryCondition, QueryExpression } from '#engine/query/query-expression.js';
import type { MicroBench } from './micro-bench.js';

const name: QueryCondition = {
  kind: 'wildcard',
  attribute: { tag: '00100010' },
  pattern: 'Doe^J*',
};
const dates: QueryCondition = {
  kind: 'range',
  attribute: { tag: '00080020' },
  from: '20240101',
  to: '20241231',
};
const modalities: QueryCondition = {
  kind: 'one-of',
  attribute: { tag: '00080061' },
  values: ['CT', 'MR'],
};

function compileBench(
  label: string,
  level: QueryExpression['level'],
  conditions: readonly QueryCondition[],
): MicroBench {
  const query: QueryExpression = { partition: 0, level, conditions, limit: 100, offset: 0 };
  return {
    name: `query: compile ${level} search by ${label}`,
    run: () => compileSql(query).text.length,
  };
}

/** From a checked query to the statement that the index is asked. */
export const microBenches: readonly MicroBench[] = [
  compileBench('name', 'study', [name]),
  compileBench('dates, modalities and name', 'study', [dates, modalities, name]),
  compileBench('name of the study', 'instance', [name]),
];
