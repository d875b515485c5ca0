import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitParts, stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { send, type ClientResponse } from '#test/helpers/http-client.js';
import { buildRetrieveFixture, syntaxes } from '#test/helpers/retrieve-fixtures.js';
import { sharedServer } from '#test/helpers/shared-server.js';

// The retrieve part of what existing clients of the Azure DICOM service rely on, against /v2.

const native = await buildRetrieveFixture({ seed: '90', frameCount: 2 });
const jpeg2000 = await buildRetrieveFixture({
  seed: '91',
  frameCount: 2,
  transferSyntaxUid: syntaxes.jpeg2000,
  elements: { '00091001': { vr: 'UN', value: Buffer.alloc(4) } },
});
const unknown = await buildRetrieveFixture({
  seed: '92',
  frameCount: 2,
  transferSyntaxUid: syntaxes.unknown,
});
const mixed = await Promise.all([
  buildRetrieveFixture({ seed: '93', number: 1 }),
  buildRetrieveFixture({ seed: '93', number: 2, transferSyntaxUid: syntaxes.jpeg2000 }),
]);
const uids = {
  study: '1.2.826.0.1.94.1',
  series: '1.2.826.0.1.94.2',
  instance: '1.2.826.0.1.94.3',
};
const report = Buffer.from(
  buildPart10({ elements: { ...sampleIdentifiers(uids), PatientID: 'P', Modality: 'SR' } }),
);

const server = sharedServer(async ({ httpUrl }) => {
  for (const fixture of [native, jpeg2000, unknown, ...mixed]) {
    const { status } = await stow(`${httpUrl}/v2`, [fixture.part10]);
    assert.ok(status === 200 || status === 202, String(status));
  }
  assert.equal((await stow(`${httpUrl}/v2`, [report])).status, 200);
});

function get(path: string, accept: string, more = {}): Promise<ClientResponse> {
  return send(server().httpPort, `/v2/${path}`, { headers: { accept, ...more } });
}

function bodiesOf(answer: ClientResponse): Buffer[] {
  assert.equal(answer.status, 200, answer.body.toString());
  return splitParts(answer.body, answer.headers['content-type']!).map(({ body }) => body);
}

const octets = 'multipart/related; type="application/octet-stream"';
const instances = 'multipart/related; type="application/dicom"';

test('PS3.18 §10.4, Azure: frames of JPEG 2000 as octet-stream are decoded, with * as stored', async () => {
  assert.deepEqual(bodiesOf(await get(`${jpeg2000.path}/frames/1,2`, octets)), jpeg2000.native);
  const stored = await get(`${jpeg2000.path}/frames/1,2`, `${octets}; transfer-syntax=*`);
  assert.deepEqual(bodiesOf(stored), jpeg2000.stored);
});

test('PS3.18 §10.4, Azure: frames stored plain as image/jp2 are JPEG 2000 without loss', async () => {
  const accept = `multipart/related; type="image/jp2"; transfer-syntax=${syntaxes.jpeg2000}`;
  const answer = await get(`${native.path}/frames/1`, accept);
  const [part] = splitParts(answer.body, answer.headers['content-type']!);
  assert.equal(part?.headers['content-type'], `image/jp2; transfer-syntax=${syntaxes.jpeg2000}`);
  assert.equal(part.body.readUInt32BE(0), 0xff4fff51);
});

test('PS3.18 §10.4, Azure: an unsupported transfer syntax is served with *, and otherwise 406', async () => {
  const stored = await get(`${unknown.path}/frames/1`, `${octets}; transfer-syntax=*`);
  assert.deepEqual(bodiesOf(stored), [unknown.stored[0]]);
  assert.equal((await get(`${unknown.path}/frames/1`, octets)).status, 406);
  const whole = await get(unknown.path, `${instances}; transfer-syntax=*`);
  assert.deepEqual(bodiesOf(whole), [unknown.part10]);
  assert.equal((await get(unknown.path, instances)).status, 406);
});

test('PS3.18 §10.4, Azure: */* is served on frames', async () => {
  assert.deepEqual(bodiesOf(await get(`${jpeg2000.path}/frames/1`, '*/*')), [jpeg2000.stored[0]]);
});

test('PS3.18 §10.4, Azure: several frames are several parts, one may come alone, several alone are 400', async () => {
  assert.equal(bodiesOf(await get(`${native.path}/frames/1,2`, octets)).length, 2);
  const alone = await get(`${native.path}/frames/2`, 'application/octet-stream');
  assert.deepEqual(alone.body, native.native[1]);
  assert.equal((await get(`${native.path}/frames/1,2`, 'application/octet-stream')).status, 400);
});

test('PS3.18 §10.4, Azure: what does not exist is 404, frames 0 and -1 are 400', async () => {
  assert.equal((await get(`${native.path}/frames/3`, octets)).status, 404);
  assert.equal((await get('studies/1.2.404', instances)).status, 404);
  assert.equal((await get('studies/1.2.404/metadata', 'application/dicom+json')).status, 404);
  assert.equal((await get(`studies/${native.study}/series/1.2.404`, instances)).status, 404);
  for (const list of ['0', '-1', '1,0']) {
    assert.equal((await get(`${native.path}/frames/${list}`, octets)).status, 400, list);
  }
  const bad = await get('studies/x.y', instances);
  assert.equal(bad.status, 400);
  assert.equal(bad.headers['content-type'], 'text/plain');
});

test('PS3.18 §10.4, Azure: an instance, series and study without pixel data are served', async () => {
  const study = `studies/${uids.study}`;
  const series = `${study}/series/${uids.series}`;
  for (const path of [study, series, `${series}/instances/${uids.instance}`]) {
    assert.deepEqual(bodiesOf(await get(path, `${instances}; transfer-syntax=*`)), [report], path);
  }
});

test('PS3.18 §10.4, Azure: mixed transfer syntaxes of a study or series are 406, with * each as stored', async () => {
  const study = `studies/${mixed[0].study}`;
  for (const path of [study, `${study}/series/${mixed[0].series}`]) {
    assert.equal((await get(path, instances)).status, 406);
    const explicit = `${instances}; transfer-syntax=${syntaxes.explicitVr}`;
    assert.equal((await get(path, explicit)).status, 406);
    const stored = bodiesOf(await get(path, `${instances}; transfer-syntax=*`));
    assert.deepEqual(
      stored,
      mixed.map(({ part10 }) => part10),
    );
  }
});

test('PS3.18 §10.4, Azure: one instance is transcoded, alone and in a multipart', async () => {
  const uid = `transfer-syntax=${syntaxes.explicitVr}`;
  const alone = await get(jpeg2000.path, `application/dicom; ${uid}`);
  assert.equal(alone.status, 200);
  assert.ok(alone.body.includes(Buffer.concat(jpeg2000.native)));
  const [part] = bodiesOf(await get(jpeg2000.path, instances));
  assert.ok(part?.includes(Buffer.concat(jpeg2000.native)));
});

test('PS3.18 §10.4, Azure: metadata is JSON alone and has no binary attributes', async () => {
  const answer = await get(`${jpeg2000.path}/metadata`, 'application/dicom+json');
  const [dataSet] = JSON.parse(answer.body.toString()) as [JsonDataSet];
  assert.equal(dataSet['7FE00010'], undefined);
  assert.equal(dataSet['00091001'], undefined);
  assert.deepEqual(dataSet['00280010']?.Value, [24]);
  assert.equal((await get(`${jpeg2000.path}/metadata`, 'application/dicom+xml')).status, 406);
  assert.equal((await get(`${jpeg2000.path}/metadata`, 'application/data')).status, 406);
});

test('PS3.18 §10.4, Azure: the tag of metadata is 304 until an instance is added or deleted, at three levels', async () => {
  const seed = '95';
  const [first, second] = await Promise.all([
    buildRetrieveFixture({ seed, number: 1 }),
    buildRetrieveFixture({ seed, number: 2 }),
  ]);
  const root = `${server().httpUrl}/v2`;
  assert.equal((await stow(root, [first.part10])).status, 200);
  const study = `studies/${first.study}`;
  const series = `${study}/series/${first.series}`;
  const tagOf = async (path: string): Promise<string> => {
    const { headers } = await get(`${path}/metadata`, 'application/dicom+json');
    const tag = headers.etag!;
    const more = { 'if-none-match': tag };
    const again = await get(`${path}/metadata`, 'application/dicom+json', more);
    assert.equal(again.status, 304, path);
    assert.equal(again.body.length, 0);
    return tag;
  };
  const before = [await tagOf(study), await tagOf(series), await tagOf(first.path)];
  assert.match(before[0]!, /^"[0-9]+-1"$/);
  assert.match(before[2]!, /^"[0-9]+"$/);
  assert.equal((await stow(root, [second.part10])).status, 200);
  const added = [await tagOf(study), await tagOf(series), await tagOf(first.path)];
  assert.notEqual(added[0], before[0]);
  assert.notEqual(added[1], before[1]);
  assert.equal(added[2], before[2]);
  assert.equal((await fetch(`${root}/${second.path}`, { method: 'DELETE' })).status, 204);
  const deleted = [await tagOf(study), await tagOf(series), await tagOf(first.path)];
  for (const earlier of [before, added]) {
    assert.notEqual(deleted[0], earlier[0]);
    assert.notEqual(deleted[1], earlier[1]);
  }
  assert.equal(deleted[2], before[2]);
});
