import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { backUpStopped } from '#engine/maintenance/backup/back-up-stopped.js';
import { restoreBackup } from '#engine/maintenance/backup/restore-backup.js';
import type { VerifyReport } from '#engine/maintenance/verify-report.js';
import { openStore } from '#engine/store/open-store.js';
import { acceptStoredInstances, qido, retrieve, stow } from '#test/helpers/dicomweb-client.js';
import { buildCtInstance, type BuiltInstance } from '#test/helpers/instance-builder.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { StoreThreadClient } from '#test/helpers/store-thread-client.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const main = fileURLToPath(new URL('../../../src/main.js', import.meta.url));

/** Runs a command beside the event loop, which may have to answer it. */
async function gantry(
  ...args: string[]
): Promise<{ readonly status: number | null; readonly output: string; readonly stdout: string }> {
  const child = spawn(process.execPath, [main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, output: stdout + stderr };
}

async function assertStored(
  server: TestServer,
  instances: readonly BuiltInstance[],
): Promise<void> {
  for (const { part10, studyInstanceUid, seriesInstanceUid, sopInstanceUid } of instances) {
    const path = `studies/${studyInstanceUid}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;
    const [part] = await retrieve(server.dicomwebUrl, path, acceptStoredInstances);
    assert.ok(part?.body.equals(part10), sopInstanceUid);
  }
  const rows = await qido(server.dicomwebUrl, `instances?PatientID=${instances[0]!.patientId}`);
  assert.equal(rows.length, instances.length);
}

async function store(server: TestServer, from: number, to: number): Promise<BuiltInstance[]> {
  const instances: BuiltInstance[] = [];
  for (let number = from; number < to; number++) instances.push(buildCtInstance('6', number));
  const files = instances.map(({ part10 }) => part10);
  assert.equal((await stow(server.dicomwebUrl, files)).status, 200);
  return instances;
}

test('backups of a store at work are whole, add only what is new, and can be gone back to', async () => {
  const [dataDir, folder] = [temporaryDirectory(), temporaryDirectory()];
  const backups = join(folder, 'backups');
  const args = ['--backup-directory', backups];
  let server = await startServer({ dataDir, args });
  const flags = [...args, '--data-dir', dataDir, '--http-port', String(server.httpPort)];
  const first = await store(server, 0, 20);
  let isStoring = true;
  const ingest = (async (): Promise<void> => {
    for (let number = 1000; isStoring; number++) {
      const other = buildCtInstance('99', number);
      assert.equal((await stow(server.dicomwebUrl, [other.part10])).status, 200);
    }
  })();
  const online = await gantry('backup', ...flags);
  assert.equal(online.status, 0, online.output);
  const verified = await gantry('verify', '--json', ...flags);
  assert.equal(verified.status, 0, verified.output);
  assert.ok((JSON.parse(verified.stdout) as VerifyReport).instanceCount >= 20);
  isStoring = false;
  await ingest;
  // Its links would keep tables on the disk that RocksDB has replaced.
  assert.ok(!existsSync(join(dataDir, 'snapshot')));
  const sequence = Number(/at change (\d+)/.exec(online.output)?.[1]);
  assert.ok(sequence >= 20);

  const second = await store(server, 20, 30);
  await server.kill();
  const stopped = await gantry('backup', ...flags);
  assert.equal(stopped.status, 0, stopped.output);
  assert.equal(readdirSync(join(backups, 'at')).length, 2);

  for (const [at, instances] of [
    [String(sequence), first],
    ['999999', [...first, ...second]],
  ] as const) {
    const restored = join(folder, `restored-${at}`);
    const target = ['--data-dir', restored];
    const result = await gantry('restore', '--from', backups, '--sequence', at, ...target);
    assert.equal(result.status, 0, result.output);
    assert.match(result.output, /no problem/);
    server = await startServer({ dataDir: restored });
    await assertStored(server, instances);
    // The restored store goes its own way.
    await store(server, 50, 52);
    assert.equal(await server.stop(), 0);
    const refused = await gantry('backup', ...args, ...target);
    assert.equal(refused.status, 1);
    assert.match(refused.output, /another store/);
  }
});

test('what cannot be backed up or restored is refused with the reason', async () => {
  const [dataDir, folder] = [temporaryDirectory(), temporaryDirectory()];
  const client = await StoreThreadClient.start(dataDir);
  const received = Buffer.alloc(50_000, 1);
  await client.commit([client.request(buildParsedInstance(received), received)]);
  await client.stop();
  const backUp = (directory: string): Promise<unknown> => backUpStopped(dataDir, directory);
  const restore = (from: string, to: string, sequence?: number): Promise<unknown> =>
    restoreBackup(
      { from, dataDir: to, ...(sequence === undefined ? {} : { sequence }) },
      () => undefined,
    );

  const withFile = join(folder, 'with-file');
  mkdirSync(withFile);
  writeFileSync(join(withFile, 'notes'), '');
  await assert.rejects(backUp(dataDir), /must lie apart/);
  await assert.rejects(backUp(join(dataDir, 'backups')), /must lie apart/);
  await assert.rejects(backUp(withFile), /no backup/);
  await assert.rejects(restore(withFile, join(folder, 'new')), /holds no backup/);
  const bare = await gantry('backup', '--data-dir', dataDir);
  assert.equal(bare.status, 1);
  assert.match(bare.output, /^[^\n]*--backup-directory\n$/);

  const backups = join(folder, 'backups');
  await backUp(backups);
  await assert.rejects(restore(backups, dataDir), /not empty/);
  await assert.rejects(restore(backups, join(folder, 'new'), 0), /backups at the changes: 1/);

  // A backup that lost a file is noticed, and what was restored of it is not opened.
  const [at] = readdirSync(join(backups, 'at'));
  const log = readdirSync(join(backups, 'at', at!)).find((name) => name.endsWith('.log'));
  rmSync(join(backups, 'at', at!, log!));
  const partial = join(folder, 'partial');
  await assert.rejects(restore(backups, partial), /missing or too short/);
  await assert.rejects(openStore({ directory: partial }), /a restore was cut off/);
});
