import assert from 'node:assert/strict';
import { closeSync, cpSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { openStore } from '#engine/store/open-store.js';
import type { OpenedStore } from '#engine/store/open-store.js';
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
