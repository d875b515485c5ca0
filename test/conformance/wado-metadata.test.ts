import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import {
  multipartBody,
  splitParts,
  stow,
  stowContentType,
  type JsonDataSet,
} from '#test/helpers/dicomweb-client.js';
import { send } from '#test/helpers/http-client.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { readNativeModel } from '#test/helpers/native-model-reader.js';
import { startServer, type TestServer } from '#test/helpers/server.js';

const instances = [1, 2, 3].map((number) => buildCtInstance('81', number));
const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = instances[0]!;
const studyPath = `/dicom-web/studies/${studyInstanceUid}`;
const instancePath = `${studyPath}/series/${seriesInstanceUid}/instances/${sopInstanceUid}`;

let server: TestServer;
let dataDir: string;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gantry-test-'));
  server = await startServer({ dataDir });
  const { status } = await stow(
    server.dicomwebUrl,
    instances.map(({ part10 }) => part10),
  );
  assert.equal(status, 200);
});

after(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

test('PS3.18 §8.7.3.5 metadata as DICOM XML: one part an instance, the same as the JSON', async () => {
  const headers = { accept: 'multipart/related; type="application/dicom+xml"' };
  const xml = await send(server.httpPort, `${studyPath}/metadata`, { headers });
  assert.equal(xml.status, 200);
  const contentType = xml.headers['content-type']!;
  assert.match(contentType, /^multipart\/related; type="application\/dicom\+xml"; boundary=/);
  const parts = splitParts(xml.body, contentType);
  assert.equal(parts.length, 3);
  const json = await send(server.httpPort, `${studyPath}/metadata`);
  const dataSets = JSON.parse(json.body.toString()) as JsonDataSet[];
  for (const [index, part] of parts.entries()) {
    assert.equal(part.headers['content-type'], 'application/dicom+xml');
    const read = readNativeModel(part.body.toString('utf8'));
    assert.deepEqual(Object.keys(read), Object.keys(dataSets[index]!));
    assert.deepEqual(read['00080018']?.Value, dataSets[index]!['00080018']?.Value);
    assert.equal(read['7FE00010']?.BulkDataURI, dataSets[index]!['7FE00010']?.BulkDataURI);
    assert.equal(read['00280010']?.keyword, 'Rows');
  }
});

test('PS3.18 §8.7.8 metadata: the form that is liked best is served, and neither form is 406', async () => {
  const typeFor = async (accept: string): Promise<string> => {
    const answer = await send(server.httpPort, `${instancePath}/metadata`, { headers: { accept } });
    return `${answer.status} ${answer.headers['content-type']!.split(';')[0]}`;
  };
  assert.equal(await typeFor('*/*'), '200 application/dicom+json');
  assert.equal(await typeFor('application/json'), '200 application/dicom+json');
  assert.equal(await typeFor('application/dicom+xml'), '200 multipart/related');
  assert.equal(
    await typeFor('application/dicom+xml;q=0.5, application/dicom+json'),
    '200 application/dicom+json',
  );
  assert.equal(await typeFor('multipart/related'), '200 multipart/related');
  assert.equal(await typeFor('application/dicom'), '406 application/problem+json');
});

test('PS3.18 §10.4, beyond the standard: metadata of the attributes that includefield names, with a tag of its own', async () => {
  const keysFor = async (query: string): Promise<string[]> => {
    const { body } = await send(server.httpPort, `${instancePath}/metadata?${query}`);
    return Object.keys((JSON.parse(body.toString()) as [JsonDataSet])[0]);
  };
  const all = await keysFor('includefield=all');
  assert.deepEqual(await keysFor(''), all);
  assert.deepEqual(await keysFor('includefield=Rows,00280011&includefield=Rubbish,PatientName'), [
    ...['00080016', '00080018', '00100010', '0020000D', '0020000E', '00280010', '00280011'],
  ]);
  const tagOf = async (query: string): Promise<string | undefined> =>
    (await send(server.httpPort, `${instancePath}/metadata?${query}`)).headers['etag'];
  assert.notEqual(await tagOf('includefield=Rows'), await tagOf('includefield=Columns'));
  assert.equal(await tagOf('includefield=all'), await tagOf(''));
});

test('RFC 9110 §8.4 metadata is compressed for clients that want it, with a tag of its own', async () => {
  const plain = await send(server.httpPort, `${studyPath}/metadata`);
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.match(plain.headers.vary ?? '', /Accept-Encoding/);
  const tags = new Set([plain.headers.etag]);
  for (const [encoding, decode] of [
    ['gzip', gunzipSync],
    ['br', brotliDecompressSync],
  ] as const) {
    const headers = { 'accept-encoding': encoding };
    const answer = await send(server.httpPort, `${studyPath}/metadata`, { headers });
    assert.equal(answer.headers['content-encoding'], encoding);
    assert.deepEqual(decode(answer.body), plain.body);
    tags.add(answer.headers.etag);
    const again = await send(server.httpPort, `${studyPath}/metadata`, {
      headers: { ...headers, 'if-none-match': answer.headers.etag! },
    });
    assert.equal(again.status, 304);
    for (const name of ['etag', 'vary', 'cache-control']) {
      assert.equal(again.headers[name], answer.headers[name], name);
    }
  }
  assert.equal(tags.size, 3);
});

test('RFC 9110 §9.3.2 HEAD of metadata is the head of its GET', async () => {
  const answer = await send(server.httpPort, `${studyPath}/metadata`, { method: 'HEAD' });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/dicom+json');
  assert.equal(answer.body.length, 0);
});

/** Asks until the document is one that is kept, whose length is known. */
async function keptDocument(path: string): Promise<JsonDataSet[]> {
  const headers = { 'accept-encoding': 'gzip' };
  for (;;) {
    const answer = await send(server.httpPort, path, { headers });
    assert.equal(answer.status, 200);
    if (answer.headers['content-length'] !== undefined) {
      const plain = await send(server.httpPort, path);
      assert.equal(plain.headers['content-length'], String(plain.body.length));
      assert.deepEqual(gunzipSync(answer.body), plain.body);
      return JSON.parse(plain.body.toString()) as JsonDataSet[];
    }
    await delay(5);
  }
}

test('beyond the standard: metadata asked for again is kept as one document, and every change of it shows at once', async () => {
  const study = instances.map(({ part10 }) => part10);
  const seriesPath = `${studyPath}/series/${seriesInstanceUid}`;
  const replacement = Buffer.from(study[0]!);
  replacement.write('Test82', replacement.indexOf('Test81'), 'latin1');
  const change = async (path: string, method: string): Promise<void> => {
    assert.ok((await send(server.httpPort, path, { method })).status < 300);
  };
  const store = async (file: Buffer, method = 'POST'): Promise<void> => {
    const headers = { 'content-type': stowContentType };
    const request = { method, headers, body: multipartBody([file]) };
    assert.equal((await send(server.httpPort, '/dicom-web/studies', request)).status, 200);
  };
  const changes: (readonly [count: number, name: string, () => Promise<void>])[] = [
    [2, 'Kill^Test81', () => change(instancePath, 'DELETE')],
    [3, 'Kill^Test81', () => change(`${instancePath}/undelete`, 'POST')],
    [2, 'Kill^Test81', () => change(instancePath, 'DELETE')],
    [3, 'Kill^Test81', () => store(study[0]!)],
    [4, 'Kill^Test81', () => store(buildCtInstance('81', 4).part10)],
    [4, 'Kill^Test82', () => store(replacement, 'PUT')],
  ];
  for (const path of [`${studyPath}/metadata`, `${seriesPath}/metadata`]) {
    await keptDocument(path);
    assert.equal((await send(server.httpPort, path, { method: 'HEAD' })).body.length, 0);
  }
  for (const [count, name, make] of changes) {
    await make();
    for (const path of [`${studyPath}/metadata`, `${seriesPath}/metadata`]) {
      const headers = { 'accept-encoding': 'gzip' };
      const { body } = await send(server.httpPort, path, { headers });
      const atOnce = JSON.parse(gunzipSync(body).toString()) as JsonDataSet[];
      assert.equal(atOnce.length, count);
      assert.deepEqual(atOnce[0]!['00100010']?.Value, [{ Alphabetic: name }]);
      assert.deepEqual(await keptDocument(path), atOnce);
    }
  }
});

test('beyond the standard: kept metadata names the host that the client asked', async () => {
  const path = `${studyPath}/metadata`;
  await keptDocument(path);
  const headers = { host: 'archive.example', 'accept-encoding': 'gzip' };
  const { body } = await send(server.httpPort, path, { headers });
  const [first] = JSON.parse(gunzipSync(body).toString()) as JsonDataSet[];
  assert.match(first!['7FE00010']?.BulkDataURI ?? '', /^http:\/\/archive\.example\//);
});

test('Azure dialect: metadata is JSON alone', async () => {
  const path = `${instancePath}/metadata`.replace('/dicom-web', '/v2');
  const headers = { accept: 'multipart/related; type="application/dicom+xml"' };
  assert.equal((await send(server.httpPort, path, { headers })).status, 406);
  assert.equal((await send(server.httpPort, path)).status, 200);
});
