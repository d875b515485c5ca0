import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CatalogFeedSource } from '#engine/index/catalog-feed-source.js';
import { MemoryQueryIndex } from '#engine/index/memory-query-index.js';
import type { InstanceKey, InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { StoreThreadOptions } from '#engine/store/store-thread-options.js';
import type { CommitRequest, IndexFeed } from '#engine/threads/task-messages.js';
import {
  buildParsedInstance,
  type InstanceDescription,
} from '#test/helpers/parsed-instance-builder.js';
import { assertConsistent } from '#test/helpers/store-checks.js';
import { StoreThreadClient } from '#test/helpers/store-thread-client.js';
import { until } from '#test/helpers/wait.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const mr = '1.2.840.10008.5.1.4.1.1.4';
const ct = '1.2.840.10008.5.1.4.1.1.2';
const sr = '1.2.840.10008.5.1.4.1.1.88.11';

async function startStore(options: Partial<StoreThreadOptions> = {}): Promise<StoreThreadClient> {
  return StoreThreadClient.start(temporaryDirectory(), options);
}

function requestOf(
  client: StoreThreadClient,
  description: InstanceDescription,
  length = 20_000,
): CommitRequest {
  const received = Buffer.alloc(length, description.sop ?? 'x');
  return client.request(buildParsedInstance(received, description), received);
}

async function commitAll(
  client: StoreThreadClient,
  descriptions: readonly InstanceDescription[],
): Promise<void> {
  const results = await client.commit(descriptions.map((each) => requestOf(client, each)));
  assert.ok(results.every((result) => result === 'stored'));
}

/** The keys of all instances that an index made of `feeds` finds. */
async function indexedKeys(feeds: Iterable<IndexFeed>): Promise<unknown[]> {
  const index = new MemoryQueryIndex();
  for (const feed of feeds) await index.apply([feed]);
  const page = await index.query({
    partition: 0,
    level: 'instance',
    conditions: [],
    limit: 10_000,
    offset: 0,
  });
  return page.keys.map((key) => Object.values(key).join('/')).sort();
}

/** The index has what the catalogue has, fed live or by a replay. */
async function assertIndexed(client: StoreThreadClient): Promise<void> {
  const { reader } = client.store;
  const stored: InstanceRecord[] = [];
  for (const study of reader.studies(0)) {
    stored.push(...reader.listInstances(0, study.studyInstanceUid));
  }
  const keys = stored
    .map((each) => `${each.studyInstanceUid}/${each.seriesInstanceUid}/${each.sopInstanceUid}`)
    .sort();
  assert.deepEqual(await indexedKeys(client.feeds), keys);
  assert.deepEqual(await indexedKeys(new CatalogFeedSource(reader).replay(0)), keys);
}

const twoSeries: readonly InstanceDescription[] = [
  { study: '1.1', series: '2.1', sop: '3.1', sopClass: ct, modality: 'CT' },
  { study: '1.1', series: '2.1', sop: '3.2', sopClass: ct, modality: 'CT' },
  { study: '1.1', series: '2.2', sop: '3.3', sopClass: mr, modality: 'MR' },
  { study: '1.1', series: '2.2', sop: '3.4', sopClass: sr, modality: 'MR' },
  { study: '1.10', series: '2.1', sop: '3.1', sopClass: ct, modality: 'CT' },
];

test('an instance goes with all that was kept of it, and its parents count right', async () => {
  const client = await startStore();
  const { reader } = client.store;
  await commitAll(client, twoSeries);
  const key = { studyInstanceUid: '1.1', seriesInstanceUid: '2.2', sopInstanceUid: '3.4' };
  const before = reader.findStudy(0, '1.1')!;
  assert.deepEqual(await client.delete({ partition: 0, ...key }), { instanceCount: 1 });

  assert.equal(reader.findInstance(0, key), undefined);
  assert.equal(reader.readMetadata(0, key), undefined);
  assert.equal(reader.readLayout(0, key), undefined);
  assert.deepEqual(reader.findInstancesBySop(0, '3.4'), []);
  const study = reader.findStudy(0, '1.1')!;
  assert.deepEqual([study.seriesCount, study.instanceCount], [2, 3]);
  assert.deepEqual(study.sopClassUids, [ct, mr]);
  assert.deepEqual(study.modalities, ['CT', 'MR']);
  assert.ok(study.sequence > before.sequence);
  assert.equal(reader.findSeries(0, key)!.instanceCount, 1);
  const [change] = reader.readChanges(5, 10);
  assert.deepEqual([change?.action, change?.sopInstanceUid], ['delete', '3.4']);
  assertConsistent(client.store);
  await assertIndexed(client);
  await client.stop();
});

test('a series goes with its last instance and a study with its last series', async () => {
  const client = await startStore();
  const { reader } = client.store;
  await commitAll(client, twoSeries);
  const series = { partition: 0, studyInstanceUid: '1.1', seriesInstanceUid: '2.2' };
  assert.deepEqual(await client.delete(series), { instanceCount: 2 });
  const study = reader.findStudy(0, '1.1')!;
  assert.deepEqual([study.seriesCount, study.modalities, study.sopClassUids], [1, ['CT'], [ct]]);
  assert.equal(reader.findSeries(0, series), undefined);
  assertConsistent(client.store);
  for (const sopInstanceUid of ['3.1', '3.2']) {
    await client.delete({ ...series, seriesInstanceUid: '2.1', sopInstanceUid });
  }
  assert.equal(reader.findStudy(0, '1.1'), undefined);
  assert.deepEqual(reader.listSeries(0, '1.1'), []);
  assertConsistent(client.store);
  await assertIndexed(client);
  await client.stop();
});

test('what is not there is not found, also the second time and on every level', async () => {
  const client = await startStore();
  await commitAll(client, twoSeries);
  const study = { partition: 0, studyInstanceUid: '1.1' };
  assert.deepEqual(await client.delete(study), { instanceCount: 4 });
  for (const target of [
    study,
    { ...study, seriesInstanceUid: '2.1' },
    { ...study, seriesInstanceUid: '2.1', sopInstanceUid: '3.1' },
    { partition: 1, studyInstanceUid: '1.10' },
  ]) {
    assert.deepEqual(await client.delete(target), { code: 'not-found', detail: '' });
  }
  assert.equal(client.store.reader.findStudy(0, '1.10')!.instanceCount, 1);
  await client.stop();
});

test('the same UIDs can be stored again at once, with other bytes', async () => {
  const client = await startStore();
  const { reader } = client.store;
  const ordered = { '00100020': { vr: 'LO', Value: ['PAT'] } };
  const description = { study: '1.1', series: '2.1', sop: '3.1', studyAttributes: ordered };
  await commitAll(client, [description]);
  const { sequence } = reader.findInstance(0, {
    studyInstanceUid: '1.1',
    seriesInstanceUid: '2.1',
    sopInstanceUid: '3.1',
  })!;
  const deleted = client.delete({ partition: 0, studyInstanceUid: '1.1' });
  assert.deepEqual(await client.commit([requestOf(client, description, 50_000)]), ['stored']);
  assert.deepEqual(await deleted, { instanceCount: 1 });
  const record = reader.listInstances(0, '1.1')[0]!;
  assert.ok(record.sequence > sequence);
  assert.equal(record.blob.length, 50_000);
  assert.equal([...reader.studiesByPatientId(0, 'PAT')].length, 1);
  assertConsistent(client.store);
  await assertIndexed(client);
  await client.stop();
});

test('a long study goes in steps; what comes in meanwhile stays', async () => {
  const client = await startStore({ deletionStepInstances: 10 });
  const many = (from: number, to: number): InstanceDescription[] =>
    Array.from({ length: to - from }, (_, n) => ({
      study: '1.1',
      series: `2.${(from + n) % 7}`,
      sop: `3.${from + n}`,
      frameTable: new Uint8Array(16),
    }));
  await commitAll(client, many(0, 105));
  const deleted = client.delete({ partition: 0, studyInstanceUid: '1.1' });
  await commitAll(client, many(105, 120));
  assert.deepEqual(await deleted, { instanceCount: 105 });
  assert.equal(client.store.reader.findStudy(0, '1.1')!.instanceCount, 15);
  assert.equal(assertConsistent(client.store), 15);
  await assertIndexed(client);
  await client.stop();
});

test('an index that fell behind catches up over deletions and new versions', async () => {
  const client = await startStore();
  await commitAll(client, twoSeries);
  const index = new MemoryQueryIndex();
  const source = new CatalogFeedSource(client.store.reader);
  for (const feed of source.replay(0)) await index.apply([feed]);
  await client.delete({ partition: 0, studyInstanceUid: '1.1' });
  await commitAll(client, twoSeries.slice(0, 1));
  for (const feed of source.replay(index.appliedSequence)) await index.apply([feed]);
  const page = await index.query({
    partition: 0,
    level: 'instance',
    conditions: [],
    limit: 100,
    offset: 0,
  });
  assert.equal(page.keys.length, 2);
  await client.stop();
});

test('what is deleted within its window can come back: counts, index and bytes as before', async () => {
  const client = await startStore({ undeleteWindowMs: 3_600_000, deletionStepInstances: 2 });
  const { reader } = client.store;
  await commitAll(client, twoSeries);
  const before = reader.findStudy(0, '1.1')!;
  const series = reader.listSeries(0, '1.1');
  await client.delete({ partition: 0, studyInstanceUid: '1.1' });
  assert.equal(reader.findStudy(0, '1.1'), undefined);
  assert.equal(assertConsistent(client.store), 1);
  await assertIndexed(client);
  const { instanceCount } = (await client.undelete({ partition: 0, studyInstanceUid: '1.1' })) as {
    instanceCount: number;
  };
  assert.equal(instanceCount, 4);
  const after = reader.findStudy(0, '1.1')!;
  assert.deepEqual(
    { ...after, sequence: 0, createdAtMs: 0 },
    { ...before, sequence: 0, createdAtMs: 0 },
  );
  assert.equal(reader.listSeries(0, '1.1').length, series.length);
  assert.equal(assertConsistent(client.store), 5);
  await assertIndexed(client);
  await client.stop();
});

test('a deletion whose window has ended is for good', async () => {
  const client = await startStore({ undeleteWindowMs: 1, garbageGraceMs: 0 });
  await commitAll(client, twoSeries);
  await client.delete({ partition: 0, studyInstanceUid: '1.1' });
  await until(() => client.store.reader.deletedDue(1).length === 0, 'the purge');
  const result = await client.undelete({ partition: 0, studyInstanceUid: '1.1' });
  assert.deepEqual(result, { code: 'not-found', detail: '' });
  assert.equal(client.store.reader.readMetadata(0, keyOf('1.1', '2.1', '3.1')), undefined);
  assert.equal(assertConsistent(client.store), 1);
  await client.stop();
});

function keyOf(study: string, series: string, sop: string): InstanceKey {
  return { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
}
