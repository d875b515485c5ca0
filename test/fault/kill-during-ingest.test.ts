import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { acceptStoredInstances, qido, retrieve, stow } from '../helpers/dicomweb-client.js';
import { buildCtInstance, type BuiltInstance } from '../helpers/instance-builder.js';
import { startServer, type TestServer } from '../helpers/server.js';
import { delay, until } from '../helpers/wait.js';

const rounds = 4;
const uploaders = 3;

test('after kill -9 everything that was acknowledged is found and whole', async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'gantry-kill-'));
  const acknowledged: BuiltInstance[] = [];
  try {
    for (let round = 0; round < rounds; round++) {
      const server = await startServer({ dataDir });
      await checkAll(server, acknowledged);
      const uploads = Array.from({ length: uploaders }, (_, uploader) =>
        uploadUntilKilled(server, `${round}.${uploader}`, acknowledged),
      );
      const wanted = acknowledged.length + uploaders;
      await until(() => acknowledged.length >= wanted, 'acknowledgements of this round');
      await delay(round * 70);
      await server.kill();
      await Promise.all(uploads);
    }
    const server = await startServer({ dataDir });
    await checkAll(server, acknowledged);
    assert.ok(acknowledged.length > rounds, 'the rounds stored something');
    assert.equal(await server.stop(), 0);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
});

async function uploadUntilKilled(
  server: TestServer,
  seed: string,
  acknowledged: BuiltInstance[],
): Promise<void> {
  for (let number = 1; ; number++) {
    const instance = buildCtInstance(seed, number);
    try {
      const { status } = await stow(server.dicomwebUrl, [instance.part10]);
      assert.equal(status, 200);
    } catch (error) {
      if (error instanceof assert.AssertionError) throw error;
      return; // The server is gone: nobody knows about this instance, and both answers are right.
    }
    acknowledged.push(instance);
  }
}

async function checkAll(server: TestServer, instances: readonly BuiltInstance[]): Promise<void> {
  const byStudy = new Map<string, BuiltInstance[]>();
  for (const instance of instances) {
    const known = byStudy.get(instance.studyInstanceUid) ?? [];
    byStudy.set(instance.studyInstanceUid, [...known, instance]);
  }
  for (const [study, expected] of byStudy) {
    const [row] = await qido(server.dicomwebUrl, `studies?StudyInstanceUID=${study}`);
    assert.ok(row !== undefined, `study ${study} is lost`);
    const parts = await retrieve(server.dicomwebUrl, `studies/${study}`, acceptStoredInstances);
    // One instance a uploader may have been stored without its acknowledgement having been read.
    assert.equal(Number(row['00201208']?.Value?.[0]), parts.length, 'counter');
    assert.ok(parts.length >= expected.length && parts.length <= expected.length + 1);
    for (const { part10, sopInstanceUid } of expected) {
      assert.ok(
        parts.some((part) => part.body.equals(part10)),
        `instance ${sopInstanceUid} is lost or damaged`,
      );
    }
    const found = await qido(server.dicomwebUrl, `instances?PatientID=${expected[0]!.patientId}`);
    assert.equal(found.length, parts.length, 'the index agrees with the store');
  }
}
