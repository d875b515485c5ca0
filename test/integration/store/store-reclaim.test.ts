import assert from 'node:assert/strict';
import { existsSync, openSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import type { StoreThreadOptions } from '#engine/store/store-thread-options.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { assertConsistent } from '#test/helpers/store-checks.js';
import { stopRunningClients, StoreThreadClient } from '#test/helpers/store-thread-client.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay, until } from '#test/helpers/wait.js';

const mib = 1024 * 1024;
const quick: Partial<StoreThreadOptions> = {
  segmentBytes: mib,
  groupBytesMax: mib / 2,
  garbageGraceMs: 0,
  compactionBytesPerSecondMax: 1000 * mib,
};

async function commit(client: StoreThreadClient, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const received = Buffer.alloc(60_000 + number, number);
    const instance = buildParsedInstance(received, { sop: `3.${number}` });
    assert.deepEqual(await client.commit([client.request(instance, received)]), ['stored']);
  }
}

function keyOf(
  number: number,
): Pick<InstanceRecord, 'studyInstanceUid' | 'seriesInstanceUid' | 'sopInstanceUid'> {
  return {
    studyInstanceUid: '1.2.3',
    seriesInstanceUid: '1.2.3.4',
    sopInstanceUid: `3.${number}`,
  };
}

function filesOf(directory: string): string[] {
  return readdirSync(dataDirectoryOf(directory).segments).sort();
}

afterEach(stopRunningClients);

const numbers = Array.from({ length: 40 }, (_, n) => n);

test('segments that are mostly garbage are emptied and removed; what is alive moves', async () => {
  const directory = temporaryDirectory();
  const client = await StoreThreadClient.start(directory, quick);
  await commit(client, numbers);
  const before = filesOf(directory);
  assert.ok(before.length >= 3);
  const survivor = client.store.reader.findInstance(0, keyOf(7))!;
  for (const number of numbers.filter((each) => each % 8 !== 7)) {
    await client.delete({ partition: 0, ...keyOf(number) });
  }
  const { segments } = dataDirectoryOf(directory);
  // All but the one that is written to; while one is being emptied, records point into a file that goes at once here.
  const emptied = before.slice(0, -1).map((name) => join(segments, name));
  await until(() => !emptied.some(existsSync), 'removal');
  const moved = client.store.reader.findInstance(0, keyOf(7))!;
  assert.notEqual(moved.blob.segment, survivor.blob.segment);
  assert.deepEqual({ ...moved, blob: survivor.blob }, survivor);
  assert.equal(assertConsistent(client.store), 5);
  const removed = await client.reply('removed');
  assert.ok(removed.files.length > 0);
  await client.stop();

  const again = await StoreThreadClient.start(directory, quick);
  assert.equal(assertConsistent(again.store), 5);
  await commit(again, [100]);
  assert.equal(assertConsistent(again.store), 6);
  await again.stop();
});

test('what is deleted can be read on by whoever looked it up, until the grace is over', async () => {
  for (const blobStore of ['log', 'values'] as const) {
    const client = await StoreThreadClient.start(temporaryDirectory(), {
      ...quick,
      blobStore,
      garbageGraceMs: 300,
    });
    const received = Buffer.alloc(2 * mib, 5);
    client.post(client.spillRequest(1, received.subarray(0, mib)));
    await client.spilled(1);
    client.post(client.spillRequest(1, received.subarray(mib)));
    const spilled = await client.spilled(1);
    const instance = buildParsedInstance(received, { sop: '3.900' });
    assert.deepEqual(await client.commit([client.spilledRequest(instance, spilled)]), ['stored']);
    await commit(client, [1]);
    const records = [900, 1].map((each) => client.store.reader.findInstance(0, keyOf(each))!);
    await client.delete({ partition: 0, studyInstanceUid: '1.2.3' });
    const target = Buffer.alloc(1000);
    for (const { blob } of records) {
      assert.equal(client.store.blobReader.readSync(blob, 500, target), 1000);
    }
    const isGone = ({ blob }: InstanceRecord): boolean => {
      client.store.blobReader.forgetFile(blob);
      try {
        return client.store.blobReader.readSync(blob, 0, target) === 0;
      } catch {
        return true;
      }
    };
    await until(() => isGone(records[0]!), 'the file to go');
    if (blobStore === 'values') await until(() => isGone(records[1]!), 'the values to go');
    await client.stop();
  }
});

test('a damaged record keeps its segment, and everything else moves out of it', async () => {
  const directory = temporaryDirectory();
  const client = await StoreThreadClient.start(directory, quick);
  await commit(client, numbers);
  const damaged = client.store.reader.findInstance(0, keyOf(3))!;
  const { segments } = dataDirectoryOf(directory);
  const file = join(segments, `${String(damaged.blob.segment).padStart(8, '0')}.seg`);
  writeSync(openSync(file, 'r+'), Buffer.from('damage'), 0, 6, damaged.blob.offset + 5000);
  for (const number of numbers.filter((each) => each > 4 && each < 30)) {
    await client.delete({ partition: 0, ...keyOf(number) });
  }
  const { detail } = await client.reply('problem');
  assert.match(detail, new RegExp(`segment file ${damaged.blob.segment} `));
  await delay(100);
  assert.ok(existsSync(file));
  const other = client.store.reader.findInstance(0, keyOf(2))!;
  assert.notEqual(other.blob.segment, damaged.blob.segment);
  assert.deepEqual(client.store.reader.findInstance(0, keyOf(3)), damaged);
  await client.stop();
});

/** Stores a large instance in a file of its own; returns the number of the file. */
async function commitSpilled(client: StoreThreadClient, number: number): Promise<number> {
  const received = Buffer.alloc(mib, number);
  client.post(client.spillRequest(number, received));
  const spilled = await client.spilled(number);
  const instance = buildParsedInstance(received, { sop: `3.${number}` });
  assert.deepEqual(await client.commit([client.spilledRequest(instance, spilled)]), ['stored']);
  return client.store.reader.findInstance(0, keyOf(number))!.blob.segment;
}

test('no number of a removed file is given out again, since backups know files by them', async () => {
  const directory = temporaryDirectory();
  const used = new Set<number>();
  for (const round of [1, 2]) {
    const client = await StoreThreadClient.start(directory, quick);
    for (const number of [10 * round, 10 * round + 1]) {
      const file = await commitSpilled(client, number);
      assert.ok(!used.has(file), `file ${file} for the second time`);
      used.add(file);
      await client.delete({ partition: 0, ...keyOf(number) });
      await client.reply('removed');
    }
    await client.stop();
  }
});
