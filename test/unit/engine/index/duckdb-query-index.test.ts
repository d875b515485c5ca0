import { test } from 'node:test';
import assert from 'node:assert/strict';
import { toGantryError } from '#engine/base/error-catalogue.js';
import { DuckdbQueryIndex } from '#engine/index/duckdb-query-index.js';
import type { QueryCondition, QueryExpression } from '#engine/query/query-expression.js';
import { feedOfRecords, studyRecord } from '#test/helpers/record-builder.js';

const openInMemory = (): Promise<DuckdbQueryIndex> =>
  DuckdbQueryIndex.create(':memory:', {
    memoryBytesMax: 128 * 1024 * 1024,
    threadCount: 1,
    temporaryDirectory: '',
  });

const search = (...conditions: QueryCondition[]): QueryExpression => ({
  partition: 0,
  level: 'study',
  conditions,
  limit: 10,
  offset: 0,
});

const history = { tag: '001021B0' };

test('a pattern of many stars on a long text takes no exponential time', async () => {
  const index = await openInMemory();
  await index.apply([
    feedOfRecords(1, {
      studies: [studyRecord('1.1', 1, { '001021B0': { vr: 'LT', Value: ['a'.repeat(10_000)] } })],
    }),
  ]);
  const stars = (end: string): QueryCondition => ({
    kind: 'wildcard',
    attribute: history,
    pattern: `${'*a'.repeat(500)}${end}`,
  });
  assert.equal((await index.query(search(stars('b')))).keys.length, 0);
  assert.equal((await index.query(search(stars('?')))).keys.length, 1);
  const questions = '?'.repeat(1_000);
  assert.equal(
    (await index.query(search({ kind: 'wildcard', attribute: history, pattern: `${questions}*?` })))
      .keys.length,
    1,
  );
  await index.close();
});

test('a list of as many UIDs as the limit allows', async () => {
  const index = await openInMemory();
  await index.apply([
    feedOfRecords(1, { studies: [studyRecord('1.1', 1), studyRecord('1.2', 1)] }),
  ]);
  const values = [...Array.from({ length: 1_999 }, (_, i) => `9.${i}`), '1.2'];
  const page = await index.query(
    search({ kind: 'one-of', attribute: { tag: '0020000D' }, values }),
  );
  assert.deepEqual(page.keys, [{ studyInstanceUid: '1.2' }]);
  await index.close();
});

test('a query that counts first begins no second statement while the index closes', async () => {
  const query: QueryExpression = { ...search(), wantsTotal: true };
  for (const turns of [0, 1, 2, 4, 8, 16]) {
    const index = await openInMemory();
    assert.equal((await index.query(query)).total, 0);
    const answer = index.query(query).then(
      () => 'page',
      (error: unknown) => toGantryError(error).code,
    );
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    await index.close();
    assert.match(await answer, /^(page|store-unavailable)$/);
  }
});

test('more queries than connections are answered one after another, and closing ends them all', async () => {
  const index = await openInMemory();
  await index.apply([feedOfRecords(1, { studies: [studyRecord('1.1', 1)] })]);
  const pages = await Promise.all(Array.from({ length: 20 }, () => index.query(search())));
  assert.ok(pages.every((page) => page.keys.length === 1));

  const open = Array.from({ length: 20 }, () => index.query(search()));
  const results = Promise.allSettled(open);
  await index.close();
  for (const result of await results) {
    if (result.status === 'fulfilled') continue;
    assert.equal(toGantryError(result.reason).code, 'store-unavailable');
  }
});

test('an aborted query rejects with the reason, and its connection serves the next', async () => {
  const index = await openInMemory();
  await index.apply([feedOfRecords(1, { studies: [studyRecord('1.1', 1)] })]);
  for (let i = 0; i < 10; i++) {
    const abort = new AbortController();
    const reason = new Error('no longer wanted');
    const outcome = index.query(search(), abort.signal).catch((error: unknown) => error);
    setTimeout(() => abort.abort(reason), i / 4);
    const result = await outcome;
    assert.ok(result === reason || !(result instanceof Error));
    assert.equal((await index.query(search())).keys.length, 1);
  }
  await index.close();
});
