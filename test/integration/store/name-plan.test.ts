import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageOfPlan, planByCatalog } from '#engine/pipeline/catalog-plan.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import { putHierarchy } from '#engine/store/commit/group-records.js';
import { openStore } from '#engine/store/open-store.js';
import { studyRecord } from '#test/helpers/record-builder.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const partition = 3;

test('a name of thousands of patients among many others is found by its keys when the study list does not show it soon', async (t) => {
  const { database, reader, close } = await openStore({ directory: temporaryDirectory() });
  t.after(close);
  const study = (n: number, date: string, name: string): ReturnType<typeof studyRecord> =>
    studyRecord(`1.2.${n}`, n, {
      '00080020': { vr: 'DA', Value: [date] },
      '00080030': { vr: 'TM', Value: ['120000'] },
      '00100010': { vr: 'PN', Value: [{ Alphabetic: name }] },
    });
  const rare = Array.from({ length: 2_500 }, (_, n) => study(n, '20200101', `Doe^${n}`));
  const newer = Array.from({ length: 4_500 }, (_, n) => study(9_000 + n, '20240101', `Roe^${n}`));
  const batch = database.createBatch();
  const studies = [...rare, ...newer].map((after) => ({ partition, before: undefined, after }));
  putHierarchy(batch, { studies, series: [] });
  batch.write({ isSynced: false });

  const condition = { kind: 'wildcard', attribute: { tag: '00100010' }, pattern: 'doe*' } as const;
  const query: QueryExpression = {
    partition,
    level: 'study',
    conditions: [condition],
    limit: 20,
    offset: 40,
  };
  const plan = await planByCatalog(reader, query);
  assert.equal(plan?.name, 'patient-name');
  assert.equal(plan.keyCount, rare.length);
  const { matches, last } = pageOfPlan(plan);
  const uids = matches.map((match) => match.study.studyInstanceUid);
  const inOrder = rare.map(({ studyInstanceUid }) => studyInstanceUid).sort();
  assert.deepEqual([...uids].sort(), [...inOrder.slice(40, 60)].sort());
  assert.notEqual(last, undefined, 'there are more');

  // with more conditions each of the names would have to be read
  const modality = { kind: 'equals', attribute: { tag: '00080061' }, value: 'CT' } as const;
  const narrowed = { ...query, conditions: [condition, modality] };
  assert.equal(await planByCatalog(reader, narrowed), undefined);
});
