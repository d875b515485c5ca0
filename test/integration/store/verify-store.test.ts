import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { VerifyReport } from '#engine/maintenance/verify-report.js';
import { verifyStore } from '#engine/maintenance/verify-store.js';
import { segmentPath } from '#engine/store/blob/segment-files.js';
import { orderedKey, seriesKey, studyKey } from '#engine/store/catalog/catalog-keys.js';
import { orderedEntriesOf } from '#engine/store/catalog/ordered-attributes.js';
import { encodeSeriesRecord } from '#engine/store/catalog/record-codec.js';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import { openStore, type OpenedStore } from '#engine/store/open-store.js';
import { qido, stow } from '#test/helpers/dicomweb-client.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { startServer } from '#test/helpers/server.js';
import { StoreThreadClient } from '#test/helpers/store-thread-client.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const main = fileURLToPath(new URL('../../../src/main.js', import.meta.url));
const index = { memoryLimitBytes: 256 * 1024 * 1024, threads: 1 };

function gantry(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

async function verify(dataDir: string): Promise<VerifyReport> {
  return verifyStore({ dataDir, index }, () => undefined);
}

function kindsOf({ problems }: VerifyReport): string[] {
  return problems.map(({ kind }) => kind).sort();
}

/** A store of six instances in two series, one of them deleted again. */
async function filledDirectory(): Promise<string> {
  const directory = temporaryDirectory();
  const client = await StoreThreadClient.start(directory);
  for (let number = 0; number < 6; number++) {
    const received = Buffer.alloc(number === 0 ? 500 : 30_000, number);
    const uids = { study: '1.2', series: `2.${number % 2}`, sop: `3.${number}` };
    const instance = buildParsedInstance(received, uids);
    assert.deepEqual(await client.commit([client.request(instance, received)]), ['stored']);
  }
  const target = { studyInstanceUid: '1.2', seriesInstanceUid: '2.1', sopInstanceUid: '3.5' };
  await client.delete({ partition: 0, ...target });
  await client.stop();
  return directory;
}

/** Changes the closed store behind the back of the store thread. */
async function tamper(directory: string, change: (store: OpenedStore) => void): Promise<void> {
  const store = await openStore({ directory });
  change(store);
  await store.close();
}

test('a sound store has no problem', async () => {
  const report = await verify(await filledDirectory());
  assert.deepEqual(report.problems, []);
  const { studyCount, seriesCount, instanceCount, changeCount, blobBytes } = report;
  assert.deepEqual([studyCount, seriesCount, instanceCount, changeCount], [1, 2, 5, 7]);
  assert.equal(blobBytes, 500 + 4 * 30_000);
});

test('one flipped bit of a blob is found and named', async () => {
  const directory = await filledDirectory();
  const byte = Buffer.alloc(1);
  await tamper(directory, ({ reader }) => {
    const { blob } = reader.listInstances(0, '1.2').find((each) => each.sopInstanceUid === '3.2')!;
    const fd = openSync(
      segmentPath(dataDirectoryOf(directory).segments, blob.segment, 'seg'),
      'r+',
    );
    readSync(fd, byte, 0, 1, blob.offset + 12_345);
    byte[0]! ^= 4;
    writeSync(fd, byte, 0, 1, blob.offset + 12_345);
    closeSync(fd);
  });
  const { problems } = await verify(directory);
  assert.deepEqual(
    problems.map(({ kind, subject }) => [kind, subject]),
    [['blob', '1.2/2.0/3.2']],
  );
});

test('records, counts and change log that do not agree are found', async () => {
  const directory = await filledDirectory();
  await tamper(directory, ({ database, reader }) => {
    const batch = database.createBatch();
    const series = reader.listSeries(0, '1.2')[0]!;
    batch.put('catalog', seriesKey(0, series), encodeSeriesRecord({ ...series, instanceCount: 9 }));
    batch.write({ isSynced: true });
  });
  assert.deepEqual(kindsOf(await verify(directory)), ['counters']);
  await tamper(directory, ({ database }) => {
    const batch = database.createBatch();
    batch.delete('catalog', studyKey(0, '1.2'));
    batch.write({ isSynced: true });
  });
  const kinds = new Set(kindsOf(await verify(directory)));
  assert.deepEqual([...kinds], ['change-log', 'ordered-keys', 'segment-use']);
});

test('keys that searches go by are compared with the studies, both ways', async () => {
  const directory = await filledDirectory();
  await tamper(directory, ({ reader, database }) => {
    const batch = database.createBatch();
    const study = reader.findStudy(0, '1.2')!;
    const { key } = orderedEntriesOf(0, study)[0]!;
    batch.delete('catalog', key);
    batch.put('catalog', orderedKey(0, 'patientId', 'NOBODY', '1.2'), Buffer.alloc(0));
    batch.put('catalog', orderedKey(0, 'accessionNumber', 'NONE', '9.9'), Buffer.alloc(0));
    batch.write({ isSynced: true });
  });
  const { problems } = await verify(directory);
  assert.deepEqual(
    problems.map(({ kind, subject }) => [kind, subject]),
    [
      ['ordered-keys', '1.2'],
      ['ordered-keys', '1.2'],
      ['ordered-keys', '9.9'],
    ],
  );
});

test('a directory without a store is refused and stays empty', async () => {
  await assert.rejects(verify(temporaryDirectory()), { code: 'store-unavailable' });
});

test('gantry verify and rebuild-index work on what a server left, and refuse while it runs', async () => {
  const dataDir = temporaryDirectory();
  const server = await startServer({ dataDir });
  const instances = [1, 2, 3].map((number) => buildCtInstance('5', number));
  await stow(
    server.dicomwebUrl,
    instances.map(({ part10 }) => part10),
  );
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = instances[0]!;
  const path = `studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;
  await fetch(`${server.dicomwebUrl}/${path}`, { method: 'DELETE' });
  const busy = gantry('verify', '--data-dir', dataDir, '--http-port', '1');
  assert.equal(busy.status, 1);
  assert.match(busy.stderr, /in use by another process/);
  await server.kill();

  const sound = gantry('verify', '--json', '--data-dir', dataDir);
  assert.equal(sound.status, 0, sound.stdout + sound.stderr);
  assert.equal((JSON.parse(sound.stdout) as VerifyReport).instanceCount, 2);

  rmSync(join(dataDir, 'index.duckdb'));
  const rebuilt = gantry('rebuild-index', '--data-dir', dataDir);
  assert.equal(rebuilt.status, 0, rebuilt.stderr);
  assert.match(rebuilt.stdout, /^4 of 4 changes/);
  assert.equal(gantry('verify', '--data-dir', dataDir).status, 0);

  const again = await startServer({ dataDir });
  assert.equal((await qido(again.dicomwebUrl, 'instances?Modality=CT')).length, 2);
  await again.stop();
});
