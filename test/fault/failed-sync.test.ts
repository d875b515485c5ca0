import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { acceptStoredFrames, retrieve, stow } from '#test/helpers/dicomweb-client.js';
import { DicomScu } from '#test/helpers/dicom-scu.js';
import { ctImageStorage, explicitVrLittleEndian } from '#test/helpers/dimse-fixture.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';
import { numberedInstance, pathOf, storeRequestOf } from '#test/reliability/numbered-instance.js';

const seed = '6.1';
/** The sync that fails, and all behind it: a few instances are stored before. */
const failing = 12;
const attemptsMax = 200;

async function store(server: TestServer, number: number): Promise<number> {
  const { part10 } = numberedInstance({ seed, number });
  return (await stow(server.dicomwebUrl, [part10])).status;
}

async function storeByDimse(server: TestServer, number: number): Promise<number> {
  const scu = await DicomScu.associate({
    host: '127.0.0.1',
    port: server.dimsePort,
    contexts: [{ abstractSyntaxUid: ctImageStorage, transferSyntaxUids: [explicitVrLittleEndian] }],
  });
  const { status } = await scu.store(scu.prepareStore(storeRequestOf({ seed, number })));
  await scu.destroy();
  return status;
}

async function isThere(server: TestServer, number: number): Promise<boolean> {
  const path = `${pathOf({ seed, number })}/frames/1`;
  const [part] = await retrieve(server.dicomwebUrl, path, acceptStoredFrames);
  return part?.body.equals(numberedInstance({ seed, number }).pixels) === true;
}

test('a server whose disk fails says so, acknowledges nothing more and goes on reading', async (t) => {
  if (process.platform !== 'linux' || spawnSync('strace', ['-V']).status !== 0) {
    t.skip('SKIPPED: strace, which injects the fault, is not installed');
    return;
  }
  const dataDir = temporaryDirectory();
  const inject = `inject=fdatasync:error=EIO:when=${failing}+`;
  const through = ['strace', '-D', '-f', '-q', '-o', '/dev/null', '-e', 'trace=fdatasync'];
  const server = await startServer({ dataDir, through: [...through, '-e', inject] });
  const acknowledged: number[] = [];
  let status = 200;
  for (let number = 0; status === 200 && number < attemptsMax; number++) {
    status = await store(server, number);
    if (status === 200) acknowledged.push(number);
  }
  assert.equal(status, 503);
  assert.ok(acknowledged.length > 0);

  let ready = await fetch(`${server.httpUrl}/readyz`);
  for (let n = 0; ready.status === 200 && n < 500; n++) {
    await delay(20);
    ready = await fetch(`${server.httpUrl}/readyz`);
  }
  assert.equal(ready.status, 503);
  const body = await ready.text();
  assert.match(body, /could not be synced|IO error|fdatasync/);
  assert.equal((await fetch(`${server.httpUrl}/livez`)).status, 200);
  for (let number = attemptsMax; number < attemptsMax + 5; number++) {
    assert.equal(await store(server, number), 503);
    assert.notEqual(await storeByDimse(server, number), 0);
  }
  for (const number of acknowledged) assert.ok(await isThere(server, number));
  await server.kill();

  const restarted = await startServer({ dataDir });
  for (const number of acknowledged) assert.ok(await isThere(restarted, number));
  assert.equal(await store(restarted, attemptsMax), 200);
  await restarted.stop();
});
