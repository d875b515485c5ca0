import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DicomScu } from '#test/helpers/dicom-scu.js';
import { implicitVrLittleEndian, verification } from '#test/helpers/dimse-fixture.js';
import { startServer, withServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const json = { 'content-type': 'application/json' };

async function associate(
  port: number,
  callingAeTitle: string,
  calledAeTitle = 'GANTRY',
): Promise<DicomScu> {
  return DicomScu.associate({
    host: '127.0.0.1',
    port,
    callingAeTitle,
    calledAeTitle,
    contexts: [{ abstractSyntaxUid: verification, transferSyntaxUids: [implicitVrLittleEndian] }],
  });
}

test('remote AEs posted to a strict store hold at once and after a restart', async () => {
  const dataDir = temporaryDirectory();
  const args = ['--dimse-unknown-ae-verbs', ''];
  const server = await startServer({ dataDir, args });
  const url = `${server.httpUrl}/config/remote-aes`;
  await assert.rejects(associate(server.dimsePort, 'CT1'));
  const body = JSON.stringify({
    aeTitle: 'CT1',
    host: '127.0.0.1',
    port: server.dimsePort,
    localAeTitle: 'CT1',
  });
  const posted = await fetch(url, { method: 'POST', headers: json, body });
  assert.equal(posted.status, 200);
  await (await associate(server.dimsePort, 'CT1')).release();

  const listed = (await (await fetch(url)).json()) as { aeTitle: string; origin: string }[];
  assert.deepEqual(
    listed.map(({ aeTitle, origin }) => [aeTitle, origin]),
    [['CT1', 'api']],
  );
  // The store is its own peer here.
  const echoed = await fetch(`${url}/CT1/echo`, { method: 'POST' });
  assert.deepEqual([echoed.status, await echoed.json()], [200, { status: 0 }]);
  assert.equal((await fetch(`${url}/NOBODY/echo`, { method: 'POST' })).status, 404);

  const inspected = (await (await fetch(`${server.httpUrl}/admin/associations`)).json()) as {
    counts: { accepted: number; rejected: number };
    associations: { result: string; hints: string[] }[];
  };
  assert.deepEqual([inspected.counts.accepted, inspected.counts.rejected], [2, 1]);
  assert.match(inspected.associations.at(-1)?.hints[0] ?? '', /add it to remoteAes/);

  assert.equal(await server.stop(), 0);
  const again = await startServer({ dataDir, args });
  await (await associate(again.dimsePort, 'CT1')).release();
  const itemUrl = `${again.httpUrl}/config/remote-aes/CT1`;
  assert.equal((await fetch(itemUrl, { method: 'DELETE' })).status, 204);
  assert.equal((await fetch(itemUrl)).status, 404);
  await assert.rejects(associate(again.dimsePort, 'CT1'));
  assert.equal(await again.stop(), 0);
});

test('what is no remote AE, or not sent as JSON, is refused', async () => {
  await withServer(
    async ({ httpUrl }) => {
      const url = `${httpUrl}/config/remote-aes`;
      const post = async (body: string, headers = json): Promise<number> =>
        (await fetch(url, { method: 'POST', headers, body })).status;
      assert.equal(await post('{'), 400);
      assert.equal(await post('{"aeTitle":"A"}'), 400);
      assert.equal(await post(' '.repeat(70_000)), 413);
      assert.equal(await post('{}', { 'content-type': 'text/plain' }), 415);
      assert.equal(await post('{"aeTitle":"FIXED","host":"h","port":1}'), 409);
      assert.equal((await fetch(`${url}/FIXED`, { method: 'DELETE' })).status, 409);
      assert.equal((await fetch(`${url}/FIXED`)).status, 200);
    },
    { args: ['--remote-aes', 'FIXED@127.0.0.1:104'] },
  );
});

test('local AEs and how strict the store is can be set while it runs, durably', async () => {
  const dataDir = temporaryDirectory();
  const server = await startServer({ dataDir });
  const { httpUrl, dimsePort: port } = server;
  const send = (method: string, path: string, body?: unknown): Promise<Response> =>
    fetch(`${httpUrl}/config/${path}`, {
      method,
      ...(body !== undefined && { headers: json, body: JSON.stringify(body) }),
    });
  const call = (calledAeTitle: string, dimsePort = port): Promise<DicomScu> =>
    associate(dimsePort, 'CT1', calledAeTitle);

  await (await call('RESEARCH')).release();
  assert.equal((await send('POST', 'dimse-access', { checkCalledAe: true })).status, 200);
  await assert.rejects(call('RESEARCH'));
  const saved = await send('POST', 'local-aes', { aeTitle: 'RESEARCH', partition: 7 });
  assert.equal(saved.status, 200);
  await (await call('RESEARCH')).release();
  assert.equal((await send('POST', 'local-aes', { aeTitle: 'GANTRY', partition: 1 })).status, 409);

  assert.equal((await send('POST', 'dimse-access', { unknownAeVerbs: ['fly'] })).status, 400);
  await send('POST', 'dimse-access', { unknownAeVerbs: [] });
  await assert.rejects(call('GANTRY'));
  assert.equal(await server.stop(), 0);

  const again = await startServer({ dataDir });
  const access = await fetch(`${again.httpUrl}/config/dimse-access`);
  assert.deepEqual(await access.json(), { unknownAeVerbs: [], checkCalledAe: true });
  const locals = (await (await fetch(`${again.httpUrl}/config/local-aes`)).json()) as object[];
  assert.deepEqual(locals, [
    { aeTitle: 'GANTRY', partition: 0, origin: 'configuration' },
    { aeTitle: 'RESEARCH', partition: 7, origin: 'api' },
  ]);
  await assert.rejects(call('GANTRY', again.dimsePort));
  await fetch(`${again.httpUrl}/config/dimse-access`, { method: 'DELETE' });
  await (await call('ANY', again.dimsePort)).release();
  assert.equal(await again.stop(), 0);
});
