import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DicomScu } from '#test/helpers/dicom-scu.js';
import type { StoreInstance } from '#test/helpers/dicom-scu.js';
import { ctImageStorage, explicitVrLittleEndian } from '#test/helpers/dimse-fixture.js';
import { acceptStoredInstances, qido, retrieve } from '#test/helpers/dicomweb-client.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import type { BuiltInstance } from '#test/helpers/instance-builder.js';
import { part10Of } from '#test/helpers/part10-file.js';
import { startServer } from '#test/helpers/server.js';
import type { TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const mainPath = fileURLToPath(new URL('../../src/main.js', import.meta.url));
const associations = 3;
const rounds = 2;

/** A C-STORE of ours, with the data set that is sent. */
function storeOf({ part10, sopInstanceUid }: BuiltInstance): StoreInstance {
  return {
    ...{ sopClassUid: ctImageStorage, sopInstanceUid },
    ...{ transferSyntaxUid: explicitVrLittleEndian, dataSet: part10Of(part10).dataSet },
  };
}

function associate(server: TestServer): Promise<DicomScu> {
  return DicomScu.associate({
    ...{ host: '127.0.0.1', port: server.dimsePort },
    contexts: [{ abstractSyntaxUid: ctImageStorage, transferSyntaxUids: [explicitVrLittleEndian] }],
  });
}

/** Sends half of a data set and leaves it there. */
async function sendHalf(server: TestServer, instance: BuiltInstance): Promise<void> {
  const scu = await associate(server);
  const store = storeOf(instance);
  const half = store.dataSet.subarray(0, store.dataSet.length / 2);
  async function* piecewise(): AsyncGenerator<Uint8Array> {
    yield half;
    await scu.closed;
  }
  await assert.rejects(scu.storeStream(store, piecewise()));
}

/** Stores one instance after the other until the server is gone; those with a success status go to `acknowledged`. */
async function storeUntilKilled(
  server: TestServer,
  seed: string,
  acknowledged: BuiltInstance[],
): Promise<void> {
  const scu = await associate(server);
  for (let number = 1; ; number++) {
    const instance = buildCtInstance(seed, number);
    const response = await scu.store(scu.prepareStore(storeOf(instance))).catch(() => undefined);
    if (response === undefined) return;
    assert.equal(response.status, 0);
    acknowledged.push(instance);
  }
}

async function checkAll(
  server: TestServer,
  acknowledged: readonly BuiltInstance[],
  halves: readonly BuiltInstance[],
): Promise<void> {
  for (const { studyInstanceUid, part10, sopInstanceUid } of acknowledged) {
    const parts = await retrieve(
      server.dicomwebUrl,
      `studies/${studyInstanceUid}/series/${studyInstanceUid.replace(/1$/, '2')}/instances/${sopInstanceUid}`,
      acceptStoredInstances,
    );
    const dataSets = parts.map(({ body }) => part10Of(body).dataSet);
    assert.ok(dataSets[0]?.equals(part10Of(part10).dataSet), sopInstanceUid);
  }
  for (const { studyInstanceUid } of halves) {
    assert.deepEqual(
      await qido(server.dicomwebUrl, `studies?StudyInstanceUID=${studyInstanceUid}`),
      [],
    );
  }
}

test('PS3.4 §B.2.2: kill -9 in the middle of C-STOREs loses nothing acknowledged and shows nothing half', async () => {
  const dataDir = temporaryDirectory();
  const acknowledged: BuiltInstance[] = [];
  const halves: BuiltInstance[] = [];
  for (let round = 0; round < rounds; round++) {
    const server = await startServer({ dataDir });
    await checkAll(server, acknowledged, halves);
    const half = buildCtInstance(`8.${round}`, 1);
    halves.push(half);
    const sent = [
      sendHalf(server, half),
      ...Array.from({ length: associations }, (_, index) =>
        storeUntilKilled(server, `9.${round}.${index}`, acknowledged),
      ),
    ];
    const countBefore = acknowledged.length;
    while (acknowledged.length < countBefore + associations * (round + 1)) await delay(5);
    await server.kill();
    await Promise.all(sent);
  }
  const server = await startServer({ dataDir });
  await checkAll(server, acknowledged, halves);
  // What was cut can be sent again, whole.
  const scu = await associate(server);
  for (const half of halves) {
    assert.equal((await scu.store(scu.prepareStore(storeOf(half)))).status, 0);
  }
  await checkAll(server, [...acknowledged, ...halves], []);
  assert.equal(await server.stop(), 0);
  const report = execFileSync(process.execPath, [mainPath, 'verify', '--data-dir', dataDir]);
  assert.match(report.toString(), /: no problem/);
});
