import assert from 'node:assert/strict';
import {
  closeSync,
  cpSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { encodeCommitRecord } from '#engine/store/blob/commit-record.js';
import { recordAlignmentBytes, recordHeaderBytes } from '#engine/store/blob/record-header.js';
import { openStore } from '#engine/store/open-store.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import type { StoreThreadOptions } from '#engine/store/store-thread-options.js';
import { numberedInstance } from '#test/helpers/crash-writer.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { assertAcknowledged, assertConsistent } from '#test/helpers/store-checks.js';
import { stopRunningClients, StoreThreadClient } from '#test/helpers/store-thread-client.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

test.afterEach(stopRunningClients);

/** Numbers of instances that go to segment files: neither values of RocksDB nor files of their own. */
const inSegments = Array.from({ length: 60 }, (_, n) => n + 1).filter((number) => {
  const { length } = numberedInstance(number).received;
  return length > 60_000 && length < 2_000_000;
});

async function commitAll(client: StoreThreadClient, numbers: readonly number[]): Promise<void> {
  const requests = numbers.map((number) => {
    const { received, ...uids } = numberedInstance(number);
    return client.request(buildParsedInstance(received, uids), received);
  });
  const results = await client.commit(requests);
  assert.ok(results.every((result) => result === 'stored'));
}

interface LostPower {
  readonly directory: string;
  /** Acknowledged, in groups; RocksDB knows the first of them. */
  readonly groups: readonly (readonly number[])[];
  readonly segment: string;
}

/** A store whose RocksDB has lost all but the first of four acknowledged groups, because none of them had been synced there. */
async function loseCatalogue(): Promise<LostPower> {
  const directory = temporaryDirectory();
  const catalog = join(directory, 'catalog');
  const saved = join(directory, 'saved');
  // The last is a single instance, so that it is one group however the store thread gets its messages.
  const groups = [0, 4, 5, 9].map((start, n) => inSegments.slice(start, [4, 5, 9, 10][n]));
  const client = await StoreThreadClient.start(directory);
  await commitAll(client, groups[0]!);
  cpSync(catalog, saved, { recursive: true });
  for (const group of groups.slice(1)) await commitAll(client, group);
  await client.stop();
  rmSync(catalog, { recursive: true });
  cpSync(saved, catalog, { recursive: true });
  return { directory, groups, segment: join(directory, 'segments', '00000001.seg') };
}

async function openForTest(t: TestContext, directory: string): Promise<OpenedStore> {
  const store = await openStore({ directory });
  t.after(() => store.close());
  return store;
}

test('groups that RocksDB lost are taken from the segment', async (t) => {
  const { directory, groups } = await loseCatalogue();
  const store = await openForTest(t, directory);
  assertAcknowledged(store, groups.flat());
  assert.equal(assertConsistent(store), groups.flat().length);
});

test('recovering twice changes nothing, and the store goes on where it was', async (t) => {
  const { directory, groups } = await loseCatalogue();
  const first = await openStore({ directory });
  const sequence = first.reader.lastSequence();
  await first.close();
  const client = await StoreThreadClient.start(directory);
  assert.equal(client.store.reader.lastSequence(), sequence);
  const [more] = inSegments.slice(groups.flat().length);
  await commitAll(client, [more!]);
  await client.stop();
  const store = await openForTest(t, directory);
  assertAcknowledged(store, [...groups.flat(), more!]);
  assert.equal(assertConsistent(store), groups.flat().length + 1);
});

test('a group with a torn blob is not there at all, nor is anything behind it', async (t) => {
  const { directory, groups, segment } = await loseCatalogue();
  // The last group is about to end the file: a byte of its last blob was never written.
  const lastBlob = await lastBlobOf(directory, segment);
  const { directory: torn, segment: tornSegment } = await loseCatalogue();
  const fd = openSync(tornSegment, 'r+');
  writeSync(fd, Buffer.from([0x55, 0xaa, 0x55]), 0, 3, lastBlob.offset + lastBlob.length - 10);
  closeSync(fd);
  const store = await openForTest(t, torn);
  const whole = groups.slice(0, -1).flat();
  assertAcknowledged(store, whole);
  assert.equal(assertConsistent(store), whole.length);
});

/** Where the instance that was stored last lies. */
async function lastBlobOf(
  directory: string,
  segment: string,
): Promise<{ offset: number; length: number }> {
  assert.ok(statSync(segment).size > 0);
  const store = await openStore({ directory });
  try {
    const [change] = store.reader.readChanges(store.reader.lastSequence() - 1, 1);
    return store.reader.findInstance(0, change!)!.blob;
  } finally {
    await store.close();
  }
}

test('a group whose commit record was cut off is not there, and its place is used again', async () => {
  const { directory, groups, segment } = await loseCatalogue();
  const lost = groups.at(-1)!;
  truncateSync(segment, statSync(segment).size - 4096);
  const client = await StoreThreadClient.start(directory);
  assert.equal(assertConsistent(client.store), groups.flat().length - lost.length);
  await commitAll(client, lost.slice(0, 1));
  await client.stop();
  const store = await openStore({ directory });
  assertAcknowledged(store, [...groups.slice(0, -1).flat(), lost[0]!]);
  assert.equal(assertConsistent(store), groups.flat().length - lost.length + 1);
  await store.close();
});

/** A single small instance becomes a value of RocksDB, of which segments know nothing. */
const valueNumber = Array.from({ length: 60 }, (_, n) => n + 1).find(
  (number) => numberedInstance(number).received.length < 4_000,
)!;
const [one, two, three, four, five] = inSegments as [number, number, number, number, number];

interface DamagedLog {
  readonly directory: string;
  /** The catalogue's own sequence. */
  readonly sequence: number;
}

/** A store whose RocksDB lost what it had synced: all but the first of these commits. */
async function loseSynced(
  commits: readonly number[],
  options: Partial<StoreThreadOptions> = {},
): Promise<DamagedLog> {
  const directory = temporaryDirectory();
  const catalog = join(directory, 'catalog');
  const saved = join(directory, 'saved');
  const client = await StoreThreadClient.start(directory, options);
  await commitAll(client, commits.slice(0, 1));
  const sequence = client.store.reader.lastSequence();
  cpSync(catalog, saved, { recursive: true });
  for (const number of commits.slice(1)) await commitAll(client, [number]);
  await client.stop();
  rmSync(catalog, { recursive: true });
  cpSync(saved, catalog, { recursive: true });
  return { directory, sequence };
}

test('groups of segments that were begun since are taken as well', async (t) => {
  const commits = inSegments.slice(0, 9);
  const { directory } = await loseSynced(commits, { segmentBytes: 500_000 });
  assert.ok(readdirSync(join(directory, 'segments')).length > 3);
  const store = await openForTest(t, directory);
  assert.equal(store.lost, undefined);
  assertAcknowledged(store, commits);
  assert.equal(assertConsistent(store), commits.length);
});

test('a catalogue that lacks what was committed between groups is refused, and nothing is overwritten', async () => {
  const { directory, sequence } = await loseSynced([one, two, valueNumber, three, four]);
  const segment = join(directory, 'segments', '00000001.seg');
  const before = readFileSync(segment);
  const detail = new RegExp(
    `lacks changes ${sequence + 2} to ${sequence + 4}, which were committed`,
  );
  await assert.rejects(openStore({ directory }), detail);
  await assert.rejects(openStore({ directory }), detail);
  assert.ok(readFileSync(segment).equals(before));

  writeFileSync(join(directory, 'index.duckdb'), 'of what is lost');
  const accepted = await openStore({ directory, acceptsLoss: true });
  assert.deepEqual(accepted.lost, { after: sequence + 1, upTo: sequence + 4 });
  assertAcknowledged(accepted, [one, two]);
  await accepted.close();
  assert.ok(existsSync(join(directory, 'index.duckdb.replaced')));
  assert.ok(!existsSync(join(directory, 'index.duckdb')));

  const client = await StoreThreadClient.start(directory);
  await commitAll(client, [five]);
  assert.equal(client.store.reader.lastSequence(), sequence + 5);
  await client.stop();
  assert.ok(readFileSync(segment).subarray(0, before.length).equals(before));
  const store = await openStore({ directory });
  assert.equal(store.lost, undefined);
  assertAcknowledged(store, [one, two, five]);
  const changes = store.reader.readChanges(0, 100).map((change) => change.sequence);
  assert.deepEqual(changes, [sequence, sequence + 1, sequence + 5]);
  await store.close();
});

test('a catalogue that lacks what was committed before a segment was begun is refused', async () => {
  const { directory } = await loseSynced([one, valueNumber, three], { segmentBytes: 100_000 });
  await assert.rejects(openStore({ directory }), /lacks changes/);
});

test('what a sender puts into an instance is no commit record', async (t) => {
  const received = Buffer.alloc(200_000, 7);
  const head = { groupStart: 0, recordCount: 1, headersCrc32: 0 };
  const commit = encodeCommitRecord(
    { ...head, sequenceBefore: 1_000, sequenceAfter: 2_000 },
    Buffer.alloc(10),
  );
  const instance = buildParsedInstance(received, { sop: '1.1' });
  const inRecord = recordHeaderBytes + instance.prefix.length;
  for (let at = recordAlignmentBytes - inRecord; at < 100_000; at += recordAlignmentBytes) {
    received.set(commit, at);
  }
  const directory = temporaryDirectory();
  const client = await StoreThreadClient.start(directory);
  await commitAll(client, [one]);
  const hostile = buildParsedInstance(received, { sop: '1.1' });
  assert.deepEqual(await client.commit([client.request(hostile, received)]), ['stored']);
  cpSync(join(directory, 'catalog'), join(directory, 'saved'), { recursive: true });
  const again = buildParsedInstance(received, { sop: '1.2' });
  assert.deepEqual(await client.commit([client.request(again, received)]), ['stored']);
  await client.stop();
  rmSync(join(directory, 'catalog'), { recursive: true });
  cpSync(join(directory, 'saved'), join(directory, 'catalog'), { recursive: true });
  const segment = join(directory, 'segments', '00000001.seg');
  truncateSync(segment, statSync(segment).size - commit.length);
  const store = await openForTest(t, directory);
  assert.equal(store.lost, undefined);
  assert.equal(assertConsistent(store), 2);
});
