import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ScuError } from '#test/helpers/dicom-scu.js';
import type { DicomScu } from '#test/helpers/dicom-scu.js';
import {
  ctImageStorage,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  startDimseFixture,
  verification,
} from '#test/helpers/dimse-fixture.js';

const instance = {
  sopClassUid: ctImageStorage,
  sopInstanceUid: '2.25.7',
  transferSyntaxUid: explicitVrLittleEndian,
  dataSet: Buffer.alloc(100),
};
const address = { host: '127.0.0.1', port: 104 };

async function rejectionOf(association: Promise<DicomScu>): Promise<unknown> {
  const error = await association.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof ScuError, 'the association was accepted');
  return error.reject;
}

const callingAeNotRecognized = { result: 1, source: 1, reason: 3 };

test('PS3.8 §9.3.4: a strict store rejects AE titles it does not know', async (t) => {
  const { associate, inspector } = await startDimseFixture(t, { unknownAeVerbs: [] }, [
    { aeTitle: 'KNOWN', ...address },
  ]);
  assert.deepEqual(
    await rejectionOf(associate({ callingAeTitle: 'OTHER' })),
    callingAeNotRecognized,
  );
  assert.match(inspector.list()[0]?.hints[0] ?? '', /add it to remoteAes/);
  const scu = await associate({ callingAeTitle: 'KNOWN' });
  assert.equal((await scu.echo()).status, 0);
  await scu.release();
});

test('PS3.8 §9.3.4: a known AE is rejected when it calls from an address that is not its own', async (t) => {
  const { associate, inspector } = await startDimseFixture(t, {}, [
    { aeTitle: 'ELSEWHERE', ...address, addresses: ['192.0.2.1'] },
    { aeTitle: 'HERE', ...address, addresses: ['192.0.2.1', '127.0.0.1'] },
  ]);
  const rejected = rejectionOf(associate({ callingAeTitle: 'ELSEWHERE' }));
  assert.deepEqual(await rejected, callingAeNotRecognized);
  assert.match(inspector.list()[0]?.hints[0] ?? '', /may not call from this address/);
  await (await associate({ callingAeTitle: 'HERE' })).release();
});

test('PS3.8 §9.3.3.2: contexts for which an AE has no verb are refused, the others accepted', async (t) => {
  const { associate, inspector } = await startDimseFixture(t, {}, [
    { aeTitle: 'ECHOER', ...address, verbs: ['echo'] },
  ]);
  const scu = await associate({ callingAeTitle: 'ECHOER' });
  assert.equal((await scu.echo()).status, 0);
  await assert.rejects(async () => scu.store(scu.prepareStore(instance)));
  const inspected = inspector.list()[0];
  assert.deepEqual(
    inspected?.request?.contexts.map(({ result }) => result),
    [0, 1],
  );
  assert.match(inspected?.hints[0] ?? '', /may not store or get/);
  await scu.release();
});

test('PS3.7 §C: C-STORE on a storage context that is there for C-GET only is not authorized', async (t) => {
  const { associate, store } = await startDimseFixture(t, {}, [
    { aeTitle: 'GETTER', ...address, verbs: ['get'] },
  ]);
  const scu = await associate({ callingAeTitle: 'GETTER' });
  assert.equal((await scu.store(scu.prepareStore(instance))).status, 0x0124);
  assert.equal(store.instances.length, 0);
  await scu.release();
});

test('an AE title of ours has its partition; one that is none of ours is rejected when that is checked', async (t) => {
  const { associate, store } = await startDimseFixture(t, {
    checkCalledAe: true,
    localAes: [{ aeTitle: 'RESEARCH', partition: 3 }],
  });
  const scu = await associate({ calledAeTitle: 'RESEARCH' });
  assert.equal((await scu.store(scu.prepareStore(instance))).status, 0);
  await scu.release();
  const first = await associate({ calledAeTitle: 'GANTRY' });
  assert.equal((await first.store(first.prepareStore(instance))).status, 0);
  await first.release();
  assert.deepEqual(store.partitions, [3, 0]);
  const rejected = rejectionOf(associate({ calledAeTitle: 'NOBODY' }));
  assert.deepEqual(await rejected, { result: 1, source: 1, reason: 7 });
});

test('the inspector keeps the last associations with request, answer and end, and counts', async (t) => {
  const { associate, inspector } = await startDimseFixture(t);
  for (let i = 0; i < 25; i++) await (await associate()).release();
  const kept = inspector.list();
  assert.equal(kept.length, 20);
  assert.equal(kept[0]?.associationId, 'dimse-25');
  assert.deepEqual(kept[1]?.end?.end, 'released');
  assert.deepEqual(kept[0]?.request?.contexts, [
    {
      contextId: 1,
      abstractSyntaxUid: verification,
      transferSyntaxUids: [implicitVrLittleEndian],
      result: 0,
      acceptedTransferSyntaxUid: implicitVrLittleEndian,
    },
    {
      contextId: 3,
      abstractSyntaxUid: ctImageStorage,
      abstractSyntaxName: 'CT Image Storage',
      transferSyntaxUids: [explicitVrLittleEndian],
      result: 0,
      acceptedTransferSyntaxUid: explicitVrLittleEndian,
    },
  ]);
  assert.deepEqual(inspector.counts(), {
    accepted: 25,
    rejected: 0,
    connectionsFailed: 0,
    tlsFailed: 0,
    byReason: { released: 25 },
  });
});
