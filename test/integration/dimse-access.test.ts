import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IdentityVerdict } from '#engine/upper-layer/negotiation.js';
import { ScuError } from '#test/helpers/dicom-scu.js';
import type { DicomScu } from '#test/helpers/dicom-scu.js';
import {
  ctImageStorage,
  explicitVrLittleEndian,
  implicitVrLittleEndian,
  startDimseFixture,
  until,
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
  assert.equal(kept[0]?.direction, 'incoming');
  assert.equal(kept[0]?.answer?.maximumLengthBytes, 128 * 1024);
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

test('PS3.8 §9.2: a peer that leaves while its user identity is checked has had no association', async (t) => {
  let answer: (verdict: IdentityVerdict) => void = () => undefined;
  const { associate, counters, service } = await startDimseFixture(
    t,
    {},
    [],
    () => new Promise((resolve) => (answer = resolve)),
  );
  const left = associate();
  left.catch(() => undefined);
  await until(() => answer.length === 1, 'the check to begin');
  const leave = answer;
  const stayed = associate();
  await until(() => answer !== leave, 'the second check to begin');
  answer({ result: 'accepted', userName: 'ward' });
  const scu = await stayed;
  assert.equal((await scu.echo()).status, 0);
  await service.stop(0);
  leave({ result: 'accepted', userName: 'ward' });
  await assert.rejects(left);
  assert.equal(counters.accepted, 1);
});

test('PS3.7 §D.3.3.7: callers that are rejected anyway do not have their identity checked', async (t) => {
  let checkedCount = 0;
  const { associate } = await startDimseFixture(t, { unknownAeVerbs: [] }, [], () => {
    checkedCount++;
    return Promise.resolve({ result: 'ignored' });
  });
  assert.deepEqual(await rejectionOf(associate()), callingAeNotRecognized);
  assert.equal(checkedCount, 0);
});
