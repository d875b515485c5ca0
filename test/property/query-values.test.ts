import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { GantryError } from '#engine/base/error-catalogue.js';
import { compileSql } from '#engine/query/compile-sql.js';
import { indexColumns } from '#engine/query/index-columns.js';
import { parseQueryValue } from '#engine/query/parse-query-value.js';

const columns = [...indexColumns.study, ...indexColumns.series, ...indexColumns.instance];

const fragment = fc.constantFrom(
  '*',
  '?',
  '-',
  '\\',
  ',',
  '^',
  '=',
  ' ',
  '1',
  '20240101',
  '\0',
  'é',
);

test('any text is either a condition that compiles or a bad request', (t) => {
  const property = fc.property(
    fc.constantFrom(...columns),
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fragment).map((parts) => parts.join('')),
    ),
    fc.record({
      fuzzyNames: fc.boolean(),
      literalWildcards: fc.boolean(),
      ignoresCase: fc.boolean(),
    }),
    ({ tag, memberTag }, text, options) => {
      const attribute = memberTag === undefined ? { tag } : { tag, memberTag };
      try {
        const condition = parseQueryValue('instance', attribute, text, options);
        const conditions = condition === undefined ? [] : [condition];
        compileSql({ partition: 0, level: 'instance', conditions, limit: 1, offset: 0 });
      } catch (error) {
        assert.ok(error instanceof GantryError && error.code === 'bad-request', String(error));
      }
    },
  );
  const seed = Number(process.env['GANTRY_TEST_SEED'] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  fc.assert(property, { seed, numRuns: 5_000 });
});
