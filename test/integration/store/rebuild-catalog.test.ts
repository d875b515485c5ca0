import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { rebuildCatalog } from '#engine/maintenance/rebuild-catalog/rebuild-catalog.js';
import type { RebuildCatalogReport } from '#engine/maintenance/rebuild-catalog/rebuild-report.js';
import { verifyStore } from '#engine/maintenance/verify-store.js';
import { segmentPath } from '#engine/store/blob/segment-files.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { openStore, type OpenedStore } from '#engine/store/open-store.js';
import { corpusFiles, corpusMissing, readCorpusFile } from '#test/helpers/corpus.js';
import { groupsWithoutRepeats } from '#test/helpers/corpus.js';
import { stow } from '#test/helpers/dicomweb-client.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { numberedInstance, pathOf, sopOf } from '#test/reliability/numbered-instance.js';

const main = fileURLToPath(new URL('../../../src/main.js', import.meta.url));
const index = { memoryLimitBytes: 128 * 1024 * 1024, threads: 1 };
const seed = '4.4';

/** Numbers of instances, whose sizes follow from them: 0 and 1 of five are values of RocksDB, 4 of five a file of its own. */
const name = {
  ...{ value: 0, plain: 2, other: 3, spilled: 4, damaged: 7, damagedSpilled: 9 },
  ...{ deleted: 12, deletedSpilled: 14, undeleted: 17, replaced: 22, replacedSpilled: 24 },
};
/** Built once by a server, and then only copied. */
let sound = '';
let recordsBefore: ReadonlyMap<string, Kept>;

function gantry(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [main, ...args], { encoding: 'utf8' });
}

function rebuild(dataDir: string, withoutIndex = false): Promise<RebuildCatalogReport> {
  const options = { dataDir, index, withoutIndex, ingest: { parseThreads: 1 } };
  return rebuildCatalog(options, () => undefined);
}

const otherVersion = (part10: Buffer): Buffer => {
  const bytes = Buffer.from(part10);
  bytes[bytes.length - 1]! ^= 1;
  return bytes;
};

async function send(server: TestServer, part10: Buffer): Promise<void> {
  const { status } = await stow(server.dicomwebUrl, [part10]);
  assert.equal(status, 200);
}

async function fill(server: TestServer): Promise<void> {
  for (const number of Object.values(name)) {
    await send(server, numberedInstance({ seed, number }).part10);
  }
  for (const number of [name.replaced, name.replacedSpilled]) {
    await send(server, otherVersion(numberedInstance({ seed, number }).part10));
  }
  const path = (number: number): string => `${server.dicomwebUrl}/${pathOf({ seed, number })}`;
  for (const number of [name.deleted, name.deletedSpilled, name.undeleted]) {
    assert.equal((await fetch(path(number), { method: 'DELETE' })).status, 204);
  }
  const undelete = await fetch(`${path(name.undeleted)}/undelete`, { method: 'POST' });
  assert.ok(undelete.ok, String(undelete.status));
}

/** What the catalogue has of an instance, but for the number of its change. */
interface Kept {
  readonly record: InstanceRecord;
  readonly metadata: unknown;
  readonly layout: unknown;
  readonly frames: readonly string[];
}

async function keptOf(dataDir: string): Promise<ReadonlyMap<string, Kept>> {
  const store = await openStore({ directory: dataDir });
  const kept = new Map<string, Kept>();
  for (const { studyInstanceUid } of store.reader.studies(0)) {
    for (const record of store.reader.listInstances(0, studyInstanceUid)) {
      kept.set(record.sopInstanceUid, {
        record: { ...record, sequence: 0 },
        metadata: store.reader.readMetadata(0, record),
        layout: store.reader.readLayout(0, record),
        frames: framesOf(store, record),
      });
    }
  }
  await store.close();
  return kept;
}

function framesOf({ reader, database }: OpenedStore, record: InstanceRecord): string[] {
  return [...reader.frameKeys(0, record, record)].map(
    (key) => `${key.toString('hex')} ${database.get('frames', key)!.toString('hex')}`,
  );
}

/** A copy of the store without its catalogue. */
function withoutCatalog(from: string): string {
  const copy = temporaryDirectory();
  cpSync(from, copy, { recursive: true });
  rmSync(join(copy, 'catalog'), { recursive: true });
  return copy;
}

async function problemsOf(dataDir: string): Promise<unknown> {
  return (await verifyStore({ dataDir, index }, () => undefined)).problems;
}

before(async () => {
  sound = temporaryDirectory();
  const args = ['--store-overwrite', 'always', '--ingest-spill-bytes', String(256 * 1024)];
  const server = await startServer({ dataDir: sound, args });
  await fill(server);
  await server.stop();
  recordsBefore = await keptOf(sound);
});

test('a catalogue is rebuilt as it was, but for what was in it alone, and deletions stay', async () => {
  const dataDir = withoutCatalog(sound);
  const { status, stdout, stderr } = gantry('rebuild-catalog', '--data-dir', dataDir, '--json');
  assert.equal(status, 2, stderr);
  const report = JSON.parse(stdout) as RebuildCatalogReport;
  const lost = report.losses.map((each) => [each.reason, each.sopInstanceUid]);
  assert.deepEqual(lost, [
    ['not-in-segments', sopOf({ seed, number: name.value })],
    ['version-unknown', sopOf({ seed, number: name.undeleted })],
  ]);
  assert.deepEqual([report.lostCount, report.uncertainCount], [1, 1]);
  assert.deepEqual([report.deletedCount, report.supersededCount], [2, 2]);
  const lines = readFileSync(report.lossFile, 'utf8').trim().split('\n');
  assert.deepEqual(
    lines.map((line): unknown => JSON.parse(line)),
    report.losses,
  );
  const records = await keptOf(dataDir);
  const expected = new Map(recordsBefore);
  expected.delete(sopOf({ seed, number: name.value }));
  assert.deepEqual([...records.keys()].sort(), [...expected.keys()].sort());
  for (const [sop, each] of expected) assert.deepEqual(records.get(sop), each);
  assert.deepEqual(await problemsOf(dataDir), []);
  await takeUpWork(dataDir);
  assert.deepEqual(await problemsOf(dataDir), []);
});

/** A rebuilt store stores and retrieves, with change numbers that were never used. */
async function takeUpWork(dataDir: string): Promise<void> {
  const server = await startServer({ dataDir });
  await send(server, numberedInstance({ seed, number: name.value }).part10);
  const path = `${server.dicomwebUrl}/${pathOf({ seed, number: name.spilled })}`;
  assert.equal((await fetch(`${path}/frames/1`)).status, 200);
  await server.stop();
  const store = await openStore({ directory: dataDir });
  const changes = store.reader.readChanges(0, 100);
  assert.ok(changes[0]!.sequence > 1_000_000);
  // One for the spilled instance that came back in both versions, one after the other.
  assert.equal(changes.length, recordsBefore.size + 1);
  await store.close();
}

test('damaged blobs are named, and what is alone in its file is kept', async () => {
  const dataDir = withoutCatalog(sound);
  const damage = ({ store, segment, offset }: InstanceRecord['blob']): void => {
    const kind = store === 'file' ? 'big' : 'seg';
    const fd = openSync(segmentPath(join(dataDir, 'segments'), segment, kind), 'r+');
    writeSync(fd, 'damage', offset + 2_000);
    closeSync(fd);
  };
  const sops = [name.damaged, name.damagedSpilled].map((number) => sopOf({ seed, number }));
  for (const sop of sops) damage(recordsBefore.get(sop)!.record.blob);
  const report = await rebuild(dataDir);
  const damaged = report.losses.filter(({ reason }) => reason === 'damaged');
  assert.deepEqual(damaged.map((each) => each.sopInstanceUid).sort(), sops.sort());
  const kept = readdirSync(join(dataDir, 'segments')).filter((each) => each.endsWith('.big.kept'));
  assert.equal(kept.length, 1);
  assert.deepEqual(await problemsOf(dataDir), []);
});

test('without the index deleted instances come back, and only when that is asked for', async () => {
  const dataDir = withoutCatalog(sound);
  rmSync(join(dataDir, 'index.duckdb'));
  await assert.rejects(rebuild(dataDir), /deleted instances come back.*--without-index/s);
  const report = await rebuild(dataDir, true);
  assert.equal(report.indexSequence, undefined);
  assert.ok((await keptOf(dataDir)).has(sopOf({ seed, number: name.deleted })));
  assert.deepEqual(await problemsOf(dataDir), []);
});

test('a rebuild that is killed leaves a store that only another one opens', async () => {
  const dataDir = withoutCatalog(sound);
  const args = [main, 'rebuild-catalog', '--data-dir', dataDir];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const mark = join(dataDir, 'REBUILDING');
  while (child.exitCode === null && !existsSync(mark)) await new Promise(setImmediate);
  child.kill('SIGKILL');
  await exited;
  assert.ok(existsSync(mark));
  await assert.rejects(openStore({ directory: dataDir }), /rebuild-catalog was cut off/);
  const report = await rebuild(dataDir);
  assert.equal(report.lostCount, 1);
  assert.equal((await keptOf(dataDir)).size, recordsBefore.size - 1);
});

test('a catalogue that can be opened, one in use, and no store at all are refused', async () => {
  const dataDir = temporaryDirectory();
  await assert.rejects(rebuild(dataDir), /no segments/);
  cpSync(sound, dataDir, { recursive: true });
  await assert.rejects(rebuild(dataDir), /the catalogue can be opened/);
  const store = await openStore({ directory: dataDir });
  await assert.rejects(rebuild(dataDir), /in use by another process/);
  await store.close();
  assert.equal((await keptOf(dataDir)).size, recordsBefore.size);
});

test('a catalogue that cannot be opened is set aside and kept', async () => {
  const dataDir = temporaryDirectory();
  cpSync(sound, dataDir, { recursive: true });
  const catalog = join(dataDir, 'catalog');
  const manifest = readdirSync(catalog).find((each) => each.startsWith('MANIFEST'))!;
  renameSync(join(catalog, manifest), join(catalog, 'gone'));
  const report = await rebuild(dataDir);
  assert.equal(report.lostCount, 1);
  assert.ok(existsSync(join(dataDir, 'catalog.damaged', 'gone')));
});

test('real files come back with the metadata they had', { skip: corpusMissing }, async () => {
  const files = groupsWithoutRepeats(corpusFiles().filter((file) => file.storable))[0]!;
  const dataDir = temporaryDirectory();
  const args = ['--store-small-blob-bytes-max', '0'];
  const server = await startServer({ dataDir, args });
  for (let at = 0; at < files.length; at += 40) {
    const { status } = await stow(server.dicomwebUrl, files.slice(at, at + 40).map(readCorpusFile));
    assert.ok(status === 200 || status === 202);
  }
  await server.stop();
  const kept = await keptOf(dataDir);
  rmSync(join(dataDir, 'catalog'), { recursive: true });
  const report = await rebuild(dataDir);
  assert.deepEqual([report.instanceCount, report.lostCount], [kept.size, 0]);
  assert.deepEqual(await keptOf(dataDir), kept);
  assert.deepEqual(await problemsOf(dataDir), []);
});
