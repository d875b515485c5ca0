import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DuckdbQueryIndex } from '#engine/index/duckdb-query-index.js';
import { evaluateInMemory } from '#engine/query/evaluate-in-memory.js';
import { feedOf, generatedQuery, generatedRecords } from '#test/helpers/random-records.js';

const options = { memoryBytesMax: 256 * 1024 * 1024, threadCount: 1, temporaryDirectory: '' };

test('a query has the same answer in SQL and in memory', async (t) => {
  let foundCount = 0;
  let queryCount = 0;
  const property = fc.asyncProperty(
    generatedRecords.chain((records) =>
      fc.tuple(
        fc.constant(records),
        fc.array(generatedQuery(records), { minLength: 20, maxLength: 40 }),
      ),
    ),
    async ([records, queries]) => {
      const index = await DuckdbQueryIndex.create(':memory:', options);
      try {
        await index.apply([feedOf(records)]);
        for (const query of queries) {
          const expected = evaluateInMemory(query, records);
          const page = await index.query(query);
          assert.deepEqual(page, expected, JSON.stringify(query));
          if (page.last !== undefined) {
            const rest = { ...query, offset: 0, after: page.last };
            assert.deepEqual(
              await index.query(rest),
              evaluateInMemory(rest, records),
              JSON.stringify(rest),
            );
          }
          queryCount++;
          if (expected.keys.length > 0) foundCount++;
        }
      } finally {
        await index.close();
      }
    },
  );
  const seed = Number(process.env['GANTRY_TEST_SEED'] ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  await fc.assert(property, { seed, numRuns: 15, interruptAfterTimeLimit: 60_000 });
  t.diagnostic(`${foundCount} of ${queryCount} queries had matches`);
  assert.ok(foundCount > 0);
});

test('pages that follow each other by position hold every match once, in the order of one page', () => {
  const property = fc.property(
    generatedRecords.chain((records) => fc.tuple(fc.constant(records), generatedQuery(records))),
    ([records, query]) => {
      const whole = evaluateInMemory({ ...query, limit: 1_000, offset: 0 }, records);
      const keys = [];
      let page = evaluateInMemory({ ...query, limit: 1, offset: 0 }, records);
      while ((keys.push(...page.keys), page.last !== undefined)) {
        page = evaluateInMemory({ ...query, limit: 1, offset: 0, after: page.last }, records);
      }
      assert.deepEqual(keys, whole.keys);
    },
  );
  fc.assert(property, { numRuns: 200 });
});
