import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitParts, stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { send, type ClientResponse } from '#test/helpers/http-client.js';
import { buildRetrieveFixture, syntaxes } from '#test/helpers/retrieve-fixtures.js';
import { sharedServer } from '#test/helpers/shared-server.js';

const profile = Buffer.alloc(3000, 'profile');
const waveform = Buffer.from(Array.from({ length: 4000 }, (_, index) => index & 255));
const document = Buffer.alloc(5000, '%PDF-1.4 ');

const native = await buildRetrieveFixture({
  seed: '88',
  frameCount: 2,
  elements: {
    OpticalPathSequence: [{ ICCProfile: Buffer.alloc(10) }, { ICCProfile: profile }],
    WaveformSequence: [{ WaveformData: { vr: 'OW', value: waveform } }],
  },
});
const encapsulated = await buildRetrieveFixture({
  seed: '88',
  number: 2,
  frameCount: 2,
  transferSyntaxUid: syntaxes.jpegLs,
});
const bigEndian = await buildRetrieveFixture({
  seed: '88',
  number: 3,
  frameCount: 2,
  transferSyntaxUid: syntaxes.bigEndian,
});
const undecodable = await Promise.all([
  buildRetrieveFixture({ seed: '84', number: 1, transferSyntaxUid: syntaxes.jpegLs }),
  buildRetrieveFixture({ seed: '84', number: 2, transferSyntaxUid: syntaxes.unknown }),
]);
const pdfUids = {
  study: '1.2.826.0.1.89.1',
  series: '1.2.826.0.1.89.2',
  instance: '1.2.826.0.1.89.3',
};
const pdf = buildPart10({
  elements: {
    ...sampleIdentifiers(pdfUids),
    PatientID: 'P',
    Modality: 'DOC',
    EncapsulatedDocument: document,
    MIMETypeOfEncapsulatedDocument: 'application/pdf',
  },
});
const pdfPath = `studies/${pdfUids.study}/series/${pdfUids.series}/instances/${pdfUids.instance}`;
const studyPath = `studies/${native.study}`;
const seriesPath = `${studyPath}/series/${native.series}`;

const server = sharedServer(async ({ dicomwebUrl }) => {
  const images = [native, encapsulated, bigEndian, ...undecodable].map(({ part10 }) => part10);
  const { status } = await stow(dicomwebUrl, [...images, pdf]);
  assert.ok(status === 200 || status === 202, String(status));
});

function get(path: string, headers: Record<string, string> = {}): Promise<ClientResponse> {
  return send(server().httpPort, `/dicom-web/${path}`, { headers });
}

function bodiesOf(answer: ClientResponse, status = 200): Buffer[] {
  assert.equal(answer.status, status, answer.body.toString());
  return splitParts(answer.body, answer.headers['content-type']!).map(({ body }) => body);
}

const anyParts = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';

test('PS3.18 §F.2.6 every BulkDataURI of the metadata leads to its value', async () => {
  const metadata = await get(`${native.path}/metadata`);
  const [dataSet] = JSON.parse(metadata.body.toString()) as [JsonDataSet];
  const items = (tag: string): JsonDataSet[] => dataSet[tag]?.Value as JsonDataSet[];
  const uris = [
    [items('00480105')[1]?.['00282000']?.BulkDataURI, profile],
    [items('54000100')[0]?.['54001010']?.BulkDataURI, waveform],
    [dataSet['7FE00010']?.BulkDataURI, Buffer.concat(native.native)],
  ] as const;
  assert.match(items('00480105')[0]?.['00282000']?.InlineBinary ?? '', /^A+=*$/);
  for (const [uri, value] of uris) {
    assert.ok(uri);
    const response = await fetch(uri);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('content-type'), 'application/octet-stream');
    assert.deepEqual(Buffer.from(await response.arrayBuffer()), value);
  }
});

test('PS3.18 §10.4.1.1.5 a value comes alone or as the one part of a multipart, in ranges too', async () => {
  const path = `${native.path}/bulkdata/54000100/1/54001010`;
  const alone = await get(path, { accept: 'application/octet-stream' });
  assert.deepEqual(alone.body, waveform);
  const piece = await get(path, { range: 'bytes=100-299' });
  assert.equal(piece.status, 206);
  assert.deepEqual(piece.body, waveform.subarray(100, 300));
  const multipart = await get(path, { accept: anyParts });
  assert.deepEqual(bodiesOf(multipart), [waveform]);
  const again = await get(path, { accept: anyParts, 'if-none-match': multipart.headers.etag! });
  assert.equal(again.status, 304);
});

test('PS3.18 §10.4.1.1.5 no such value is 404, what is no attribute path 400, another type 406', async () => {
  assert.equal((await get(`${native.path}/bulkdata/00480105/1/00282000`)).status, 404);
  assert.equal((await get(`${native.path}/bulkdata/00480105/9/00282000`)).status, 404);
  assert.equal((await get(`${native.path}/bulkdata/00100010`)).status, 404);
  assert.equal((await get(`${native.path}/bulkdata/PixelData`)).status, 400);
  assert.equal((await get(`${native.path}/bulkdata/7FE00010/1`)).status, 400);
  const path = `${native.path}/bulkdata/54000100/1/54001010`;
  assert.equal((await get(path, { accept: 'image/png' })).status, 406);
});

test('PS3.18 §8.7.3.3 compressed pixel data is its frames, without the items around them', async () => {
  const path = `${encapsulated.path}/bulkdata/7FE00010`;
  assert.deepEqual(bodiesOf(await get(path)), encapsulated.stored);
  assert.deepEqual(bodiesOf(await get(path, { accept: anyParts })), encapsulated.stored);
  const decoded = await get(path, { accept: 'multipart/related; type="application/octet-stream"' });
  assert.deepEqual(bodiesOf(decoded), encapsulated.native);
  const images = await get(path, { accept: 'multipart/related; type="image/*"' });
  assert.match(images.headers['content-type']!, /type="image\/jls"/);
});

test('PS3.18 §8.7.3.3 values stored big endian leave little endian', async () => {
  const whole = await get(`${bigEndian.path}/bulkdata/7FE00010`);
  assert.deepEqual(whole.body, Buffer.concat(bigEndian.native));
  const range = { range: 'bytes=3-20' };
  const piece = await get(`${bigEndian.path}/bulkdata/7FE00010`, range);
  assert.deepEqual(piece.body, whole.body.subarray(3, 21));
});

test('PS3.18 §10.4.1.1.5 pixeldata is one part a frame, of an instance, a series, a study', async () => {
  assert.deepEqual(bodiesOf(await get(`${encapsulated.path}/pixeldata`)), encapsulated.stored);
  const everything = [...native.native, ...encapsulated.stored, ...bigEndian.native];
  for (const path of [seriesPath, studyPath]) {
    assert.deepEqual(bodiesOf(await get(`${path}/pixeldata`, { accept: anyParts })), everything);
  }
  assert.equal((await get(`${pdfPath}/pixeldata`)).status, 404);
  assert.equal((await get(`studies/${pdfUids.study}/pixeldata`)).status, 404);
});

test('PS3.18 §10.4.1.1.5 bulkdata is every value that metadata has by URI', async () => {
  const answer = await get(`${native.path}/bulkdata`, { accept: anyParts });
  const bodies = bodiesOf(answer);
  assert.deepEqual(bodies, [profile, waveform, Buffer.concat(native.native)]);
  assert.deepEqual(bodiesOf(await get(`${pdfPath}/bulkdata`)), [document]);
  assert.equal(bodiesOf(await get(`${studyPath}/bulkdata`)).length, 3 + 2 + 1);
  assert.equal((await get('studies/1.2.404/bulkdata')).status, 404);
  assert.equal((await get(`${studyPath}/bulkdata`, { accept: 'text/plain' })).status, 406);
});

test('PS3.18 §8.5.1 pixeldata is 206 where some instances have no form that the client takes', async () => {
  const ofEach = 'multipart/related; type="image/jls"';
  assert.equal((await get(`${studyPath}/pixeldata`, { accept: ofEach })).status, 200);
  const ofNone = 'multipart/related; type="image/jp2"; transfer-syntax=1.2.840.10008.1.2.4.93';
  assert.equal((await get(`${studyPath}/pixeldata`, { accept: ofNone })).status, 406);
  const ofOne = 'multipart/related; type="application/octet-stream"';
  const answer = await get(`studies/${undecodable[0].study}/pixeldata`, { accept: ofOne });
  assert.equal(answer.headers['warning'], '299 gantry "Some instances cannot be given"');
  assert.equal(answer.headers['etag'], undefined, 'the tag is that of the whole');
  assert.deepEqual(bodiesOf(answer, 206), undecodable[0].native);
});
