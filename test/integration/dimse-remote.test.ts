import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { freePort } from '#test/helpers/free-port.js';
import { startTestServer } from '#test/helpers/server.js';
import type { OwnedServer } from '#test/helpers/server.js';
import { sendStore } from '#test/helpers/stow-client.js';

// The store is its own peer: OTHER and THIRD are AE titles of it, each with a partition.
const instances = [1, 2, 3].map((number) => buildCtInstance('71', number));
const study = {
  '00080052': { vr: 'CS', Value: ['STUDY'] },
  '0020000D': { vr: 'UI', Value: [instances[0]?.studyInstanceUid] },
};
let server: OwnedServer;

interface Outcome {
  readonly status: number;
  readonly suboperations?: { readonly completed: number; readonly failed: number };
  readonly matches?: readonly Record<string, { readonly Value?: readonly unknown[] }>[];
  readonly isCut?: boolean;
}

async function post(path: string, body: unknown): Promise<{ status: number; answer: Outcome }> {
  const response = await fetch(`${server.httpUrl}/config/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: response.status, answer: (await response.json()) as Outcome };
}

async function ask(aeTitle: string, verb: string, body: unknown): Promise<Outcome> {
  const { status, answer } = await post(`remote-aes/${aeTitle}/${verb}`, body);
  assert.equal(status, 200, JSON.stringify(answer));
  return answer;
}

const images = {
  ...study,
  '00080052': { vr: 'CS', Value: ['IMAGE'] },
  '0020000E': { vr: 'UI', Value: [instances[0]?.seriesInstanceUid] },
  '00080018': { vr: 'UI' },
};

before(async () => {
  server = await startTestServer({ args: ['--dimse-local-aes', 'OTHER=1,THIRD=2,FOURTH=3'] });
  const { dimsePort: port } = server;
  for (const aeTitle of ['OTHER', 'THIRD', 'FOURTH']) {
    await post('remote-aes', { aeTitle, host: '127.0.0.1', port });
  }
  await post('remote-aes', { aeTitle: 'NOBODY', host: '127.0.0.1', port: await freePort() });
  const files = instances.map(({ part10 }) => part10);
  const { status } = await sendStore(`${server.dicomwebUrl}/studies`, { files });
  assert.equal(status, 200);
});

after(() => server.remove());

test('PS3.4 §B.2: a study is sent to a remote AE, which then finds it', async () => {
  assert.deepEqual((await ask('OTHER', 'find', { identifier: study })).matches, []);
  const sent = await ask('OTHER', 'store', { identifier: study });
  assert.deepEqual(sent, { status: 0, suboperations: { completed: 3, warning: 0, failed: 0 } });
  const found = await ask('OTHER', 'find', { identifier: images });
  assert.equal(found.isCut, false);
  assert.deepEqual(
    found.matches?.map((match) => match['00080018']?.Value?.[0]).sort(),
    instances.map(({ sopInstanceUid }) => sopInstanceUid),
  );
});

test('PS3.7 §9.3.2.3: a query ends at the limit of its matches', async () => {
  const { matches, isCut } = await ask('OTHER', 'find', { identifier: images, limit: 2 });
  assert.deepEqual([matches?.length, isCut], [2, true]);
});

test('PS3.4 §C.6.1: a query for patients goes to the Patient Root model', async () => {
  const identifier = {
    '00080052': { vr: 'CS', Value: ['PATIENT'] },
    '00100020': { vr: 'LO', Value: ['PATIENT-71'] },
  };
  const { status, matches } = await ask('OTHER', 'find', { identifier });
  assert.deepEqual([status, matches?.length], [0, 1]);
});

test('PS3.4 §C.4.3: instances are got from a remote AE into a partition', async () => {
  const got = await ask('OTHER', 'get', { identifier: study, partition: 2 });
  assert.deepEqual(got.suboperations, { completed: 3, warning: 0, failed: 0 });
  assert.equal((await ask('THIRD', 'find', { identifier: images })).matches?.length, 3);
});

test('PS3.4 §C.4.2: a remote AE is asked to move instances to a third', async () => {
  const moved = await ask('OTHER', 'move', { identifier: study, destination: 'FOURTH' });
  assert.deepEqual(moved, { status: 0, suboperations: { completed: 3, warning: 0, failed: 0 } });
  assert.equal((await ask('FOURTH', 'find', { identifier: images })).matches?.length, 3);
  const unknown = await ask('OTHER', 'move', { identifier: study, destination: 'NOWHERE' });
  assert.equal(unknown.status, 0xa801);
});

test('what cannot be asked is refused, who cannot be reached is named', async () => {
  const statusOf = async (path: string, body: unknown): Promise<number> =>
    (await post(`remote-aes/${path}`, body)).status;
  assert.equal(await statusOf('UNKNOWN/find', { identifier: study }), 404);
  assert.equal(await statusOf('NOBODY/find', { identifier: study }), 502);
  assert.equal(await statusOf('OTHER/find', {}), 400);
  assert.equal(await statusOf('OTHER/find', { identifier: study, limit: 0 }), 400);
  assert.equal(await statusOf('OTHER/move', { identifier: study }), 400);
  const levelless = { '0020000D': study['0020000D'] };
  assert.equal(await statusOf('OTHER/find', { identifier: levelless }), 400);
  const elsewhere = { ...study, '00081110': { vr: 'SQ', Value: [{}] } };
  const linked = { '00091001': { vr: 'OB', BulkDataURI: 'http://x/1' } };
  const nested = { ...elsewhere, '00081110': { vr: 'SQ', Value: [linked] } };
  for (const identifier of [{ ...study, ...linked }, nested]) {
    assert.equal(await statusOf('OTHER/find', { identifier }), 400);
  }
  const unsent = await ask('NOBODY', 'store', { identifier: study });
  assert.deepEqual(unsent.suboperations, { completed: 0, warning: 0, failed: 3 });
  assert.equal(unsent.status, 0xa702);
});

test('the inspector shows what the store asked for, and what came of it', async () => {
  const response = await fetch(`${server.httpUrl}/admin/associations`);
  const { associations } = (await response.json()) as {
    associations: {
      direction: string;
      result: string;
      failure?: string;
      request: { calledAeTitle: string; roleSelections?: object[] };
      answer?: { roleSelections?: object[] };
    }[];
  };
  const outgoing = associations.filter(({ direction }) => direction === 'outgoing');
  const failed = outgoing.find(({ result }) => result === 'connection-failed');
  assert.equal(failed?.request.calledAeTitle, 'NOBODY');
  assert.match(failed.failure ?? '', /ECONNREFUSED/);
  const got = outgoing.find(({ request }) => request.roleSelections !== undefined);
  assert.equal(got?.result, 'accepted');
  assert.equal(got.answer?.roleSelections?.length, got.request.roleSelections?.length);
});
