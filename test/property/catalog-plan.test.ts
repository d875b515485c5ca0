import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { pageOfPlan, planByCatalog, type CatalogPlan } from '#engine/pipeline/catalog-plan.js';
import { evaluateInMemory, keyOf } from '#engine/query/evaluate-in-memory.js';
import type { QueryCondition, QueryExpression, QueryPage } from '#engine/query/query-expression.js';
import { putHierarchy, putRestoredInstance } from '#engine/store/commit/group-records.js';
import { openStore } from '#engine/store/open-store.js';
import { generatedQuery, generatedRecords } from '#test/helpers/random-records.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const dateCondition: fc.Arbitrary<QueryCondition> = fc
  .constantFrom(['20240229', '20240301'], ['20240101', undefined], [undefined, '20251230'])
  .map(([from, to]) => ({
    kind: 'range',
    attribute: { tag: '00080020' },
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  }));

const modalityCondition: fc.Arbitrary<QueryCondition> = fc
  .constantFrom('CT', 'MR', 'a')
  .map((value) => ({ kind: 'equals', attribute: { tag: '00080061' }, value }));

const nameCondition: fc.Arbitrary<QueryCondition> = fc
  .constantFrom('a*', 'b*', 'a', '*a*', 'a?*', 'A*=*')
  .map((pattern) => ({ kind: 'wildcard', attribute: { tag: '00100010' }, pattern }));

/** Pages of the study list, as viewers ask for them. */
const listQuery: fc.Arbitrary<QueryExpression> = fc.record({
  partition: fc.constant(0),
  level: fc.constant('study' as const),
  conditions: fc.oneof(
    fc.constant([]),
    fc.tuple(dateCondition),
    fc.tuple(modalityCondition),
    fc.tuple(nameCondition),
    fc.tuple(nameCondition, modalityCondition),
    fc.tuple(dateCondition, modalityCondition),
  ),
  limit: fc.integer({ min: 1, max: 5 }),
  offset: fc.integer({ min: 0, max: 4 }),
});

/** UIDs that more than one study may have: copies of studies keep those of their series and instances. */
const uidQuery: fc.Arbitrary<QueryExpression> = fc.record({
  partition: fc.constant(0),
  level: fc.constant('instance' as const),
  conditions: fc
    .tuple(
      fc.constantFrom('00080018', '0020000E', '0020000D'),
      fc.constantFrom('1.2.3', '1.2.4', '1.2.40'),
    )
    .map(([tag, value]) => [{ kind: 'equals' as const, attribute: { tag }, value }]),
  limit: fc.integer({ min: 1, max: 5 }),
  offset: fc.integer({ min: 0, max: 1 }),
});

test('what the keys of the catalogue answer is what an evaluation of all records answers', async (t) => {
  const { database, reader, close } = await openStore({ directory: temporaryDirectory() });
  t.after(close);
  const batch = database.createBatch();
  let partition = 0;
  let plannedCount = 0;
  const property = fc.asyncProperty(
    generatedRecords.chain((records) =>
      fc.tuple(
        fc.constant(records),
        fc.array(fc.oneof(listQuery, uidQuery, generatedQuery(records)), {
          minLength: 10,
          maxLength: 20,
        }),
      ),
    ),
    async ([records, queries]) => {
      partition += 1;
      const changeOf = <Record>(after: Record) => ({ partition, before: undefined, after });
      putHierarchy(batch, {
        studies: records.studies.map(changeOf),
        series: records.series.map(changeOf),
      });
      for (const instance of records.instances) putRestoredInstance(batch, partition, instance);
      batch.write({ isSynced: false });
      for (const query of queries) {
        const planned = await planByCatalog(reader, { ...query, partition });
        if (planned === undefined) continue;
        plannedCount += 1;
        const page = answerOf(planned);
        assert.deepEqual(page, evaluateInMemory(query, records), JSON.stringify(query));
        if (page.last === undefined) continue;
        const rest = { ...query, after: page.last };
        const restPlanned = await planByCatalog(reader, { ...rest, partition });
        if (restPlanned === undefined) continue;
        assert.deepEqual(
          answerOf(restPlanned),
          evaluateInMemory(rest, records),
          JSON.stringify(rest),
        );
      }
    },
  );
  await fc.assert(property, { numRuns: 60, interruptAfterTimeLimit: 30_000 });
  assert.ok(plannedCount > 100);
});

function answerOf(planned: CatalogPlan): QueryPage {
  const { matches, ...page } = pageOfPlan(planned);
  return { keys: matches.map(keyOf), ...page };
}
