import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import type { QueryExpression } from '#engine/query/query-expression.js';
import { DuckdbDatabase } from '#native-bindings/duckdb/duckdb-database.js';
import { IndexThreadClient } from '#test/helpers/index-thread-client.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { StoreThreadClient } from '#test/helpers/store-thread-client.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const instances: QueryExpression = {
  partition: 0,
  level: 'instance',
  conditions: [],
  limit: 100,
  offset: 0,
};

interface Threads {
  readonly store: StoreThreadClient;
  readonly index: IndexThreadClient;
  readonly path: string;
}

/** Commits instances of one study and hands the feeds on, as the store thread's port would. */
async function storeInstances({ store, index }: Threads, sops: readonly string[]): Promise<void> {
  const received = new TextEncoder().encode('bytes of an instance');
  const requests = sops.map((sop) =>
    store.request(buildParsedInstance(received, { sop }), received),
  );
  await store.commit(requests);
  while (store.feeds.reduce((sum, feed) => sum + feed.instances.length, 0) < sops.length) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  for (const feed of store.feeds.splice(0)) index.feed(feed);
}

async function startThreads(directory: string, queryTimeoutMs?: number): Promise<Threads> {
  const store = await StoreThreadClient.start(directory);
  const path = join(directory, 'index', 'index.duckdb');
  const data = { path, databaseHandle: store.store.database.handle };
  return { store, path, index: new IndexThreadClient(data, queryTimeoutMs) };
}

async function stopThreads({ store, index }: Threads): Promise<void> {
  await index.stop();
  await store.stop();
}

async function countInstances({ index }: Threads, sequence: number): Promise<number> {
  const reply = await index.query(instances, sequence);
  assert.equal(reply.kind, 'page');
  return reply.page.keys.length;
}

test('a query waits for the rows of its sequence', async () => {
  const threads = await startThreads(temporaryDirectory());
  assert.equal((await threads.index.reply('ready')).sequence, 0);
  const queryId = threads.index.post(instances, 2);
  await storeInstances(threads, ['3.1', '3.2']);
  const reply = await threads.index.answer(queryId);
  assert.equal(reply.kind, 'page');
  assert.deepEqual(
    reply.page.keys.map((key) => key.sopInstanceUid),
    ['3.1', '3.2'],
  );
  await storeInstances(threads, ['3.3']);
  assert.equal(await countInstances(threads, 3), 3);
  const studies = await threads.index.query({ ...instances, level: 'study' }, 3);
  assert.equal(studies.kind === 'page' && studies.page.keys.length, 1);
  await stopThreads(threads);
});

test('an index that was stopped goes on, and a lost one is made from the catalogue', async () => {
  const directory = temporaryDirectory();
  const first = await startThreads(directory);
  await storeInstances(first, ['3.1', '3.2']);
  assert.equal(await countInstances(first, 2), 2);
  await stopThreads(first);

  const second = await startThreads(directory);
  assert.equal((await second.index.reply('ready')).sequence, 2);
  assert.equal(await countInstances(second, 2), 2);
  await stopThreads(second);

  writeFileSync(second.path, 'this is no database');
  const third = await startThreads(directory);
  await third.index.reply('rebuilding');
  assert.equal((await third.index.reply('ready')).sequence, 0);
  assert.equal(await countInstances(third, 2), 2);
  assert.ok(existsSync(`${third.path}.damaged`));
  await storeInstances(third, ['3.3']);
  assert.equal(await countInstances(third, 3), 3);
  await stopThreads(third);
});

test('a replay keeps the partitions of the change log apart', async () => {
  const directory = temporaryDirectory();
  const store = await StoreThreadClient.start(directory);
  const received = new TextEncoder().encode('bytes of an instance');
  for (const [partition, sop] of [
    [0, '3.1'],
    [1, '3.1'],
    [1, '3.2'],
    [0, '3.3'],
    [1, '3.4'],
  ] as const) {
    await store.commit([
      store.request(buildParsedInstance(received, { sop }), received, partition),
    ]);
  }
  const path = join(directory, 'index.duckdb');
  const data = { path, databaseHandle: store.store.database.handle };
  const threads: Threads = { store, path, index: new IndexThreadClient(data) };
  assert.equal((await threads.index.reply('ready')).sequence, 0);
  assert.equal(await countInstances(threads, 5), 2);
  const other = await threads.index.query({ ...instances, partition: 1 }, 5);
  assert.equal(other.kind === 'page' && other.page.keys.length, 3);
  await stopThreads(threads);
});

/** Changes the state row of a closed index file. */
async function tamper(path: string, assignment: string): Promise<void> {
  const database = await DuckdbDatabase.open(path, {
    memoryBytesMax: 64 * 1024 * 1024,
    threadCount: 1,
    temporaryDirectory: `${path}.tmp`,
    checkpointBytes: 1024 * 1024,
  });
  const connection = await database.connect();
  await connection.run(`UPDATE index_state SET ${assignment}`);
  await connection.close();
  database.close();
}

for (const [what, assignment] of [
  ['another schema version', "schema_version = 'older'"],
  ['a sequence ahead of the catalogue', 'applied_sequence = 77'],
] as const) {
  test(`an index of ${what} is made anew`, async () => {
    const directory = temporaryDirectory();
    const first = await startThreads(directory);
    await storeInstances(first, ['3.1']);
    assert.equal(await countInstances(first, 1), 1);
    await stopThreads(first);
    await tamper(first.path, assignment);

    const second = await startThreads(directory);
    await second.index.reply('rebuilding');
    await second.index.reply('ready');
    assert.equal(await countInstances(second, 1), 1);
    await stopThreads(second);
  });
}

test('queries end when they are cancelled, take too long or the thread closes', async () => {
  const threads = await startThreads(temporaryDirectory(), 200);
  await threads.index.reply('ready');
  const cancelled = threads.index.post(instances, 1_000);
  threads.index.cancel(cancelled);
  const late = threads.index.post(instances, 1_000);
  const codes = [await threads.index.answer(cancelled), await threads.index.answer(late)].map(
    (reply) => reply.kind === 'query-failed' && reply.code,
  );
  assert.deepEqual(codes, ['aborted', 'timeout']);
  const open = threads.index.post(instances, 1_000);
  await stopThreads(threads);
  const reply = await threads.index.answer(open);
  assert.equal(reply.kind === 'query-failed' && reply.code, 'store-unavailable');
});

test('a query that cannot be answered is refused with its reason', async () => {
  const threads = await startThreads(temporaryDirectory());
  const reply = await threads.index.query(
    { ...instances, conditions: [{ kind: 'equals', attribute: { tag: '00080020' }, value: 'x' }] },
    0,
  );
  assert.equal(reply.kind === 'query-failed' && reply.code, 'bad-request');
  assert.match(reply.kind === 'query-failed' ? reply.detail : '', /^StudyDate: /);
  await stopThreads(threads);
});
