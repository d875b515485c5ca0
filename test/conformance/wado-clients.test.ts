import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitParts, stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { RawClient } from '#test/helpers/http-client.js';
import { buildRetrieveFixture, syntaxes } from '#test/helpers/retrieve-fixtures.js';
import { sharedServer } from '#test/helpers/shared-server.js';

// The literal requests of real clients, and what each of them needs to find in the answer.

const native = await buildRetrieveFixture({ seed: '96', frameCount: 2 });
const jpegLs = await buildRetrieveFixture({
  seed: '97',
  frameCount: 2,
  transferSyntaxUid: syntaxes.jpegLs,
});

const server = sharedServer(async ({ dicomwebUrl }) => {
  assert.equal((await stow(dicomwebUrl, [native.part10, jpegLs.part10])).status, 200);
});

interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** Sends a request byte for byte; header lines as the client writes them. */
async function exchange(
  path: string,
  lines: readonly string[],
  method = 'GET',
): Promise<RawAnswer> {
  const { httpPort } = server();
  const client = new RawClient(httpPort);
  const head = [`${method} /dicom-web/${path} HTTP/1.1`, `Host: 127.0.0.1:${httpPort}`, ...lines];
  await client.write(`${[...head, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const isWhole = (text: string): boolean => {
    const end = text.indexOf('\r\n\r\n');
    const length = /content-length: (\d+)/i.exec(text)?.[1];
    if (end < 0) return false;
    return length === undefined
      ? text.endsWith('0\r\n\r\n') || / (204|304) /.test(text.slice(0, 20))
      : text.length >= end + 4 + Number(length);
  };
  const text = await client.waitFor(isWhole);
  client.destroy();
  const end = text.indexOf('\r\n\r\n');
  return {
    status: Number(text.slice(9, 12)),
    head: text.slice(0, end),
    body: Buffer.from(text.slice(end + 4), 'latin1'),
  };
}

function headerOf({ head }: RawAnswer, name: string): string {
  return new RegExp(`^${name}: (.*)$`, 'im').exec(head)?.[1]?.trim() ?? '';
}

const frame = `${jpegLs.path}/frames/1`;

test('PS3.18 §10.4 Cornerstone3D: the unquoted Accept of a frame, and the part header that it looks for', async () => {
  const answer = await exchange(frame, [
    'Accept: multipart/related; type=application/octet-stream; transfer-syntax=*',
  ]);
  assert.equal(answer.status, 200);
  const text = answer.body.toString('latin1');
  const boundary = text.slice(0, text.indexOf('\r\n'));
  assert.match(boundary, /^--[0-9a-f]{64}$/);
  const head = text.slice(0, text.indexOf('\r\n\r\n')).split('\r\n');
  const type = head.find((line) => line.startsWith('Content-Type:'));
  assert.equal(type, `Content-Type: application/octet-stream; transfer-syntax=${syntaxes.jpegLs}`);
  const start = text.indexOf('\r\n\r\n') + 4;
  const end = text.indexOf(boundary, start);
  assert.deepEqual(answer.body.subarray(start, end - 2), jpegLs.stored[0]);
  assert.equal(headerOf(answer, 'content-length'), String(answer.body.length));
});

test('PS3.18 §10.4 Cornerstone3D: accept= in the URL, with the wildcard that a browser sends', async () => {
  for (const [query, type] of [
    ['accept=image/jls', `image/jls; transfer-syntax=${syntaxes.jpegLs}`],
    ['accept=image%2Fx-jls', `image/jls; transfer-syntax=${syntaxes.jpegLs}`],
    ['accept=image/jphc', `image/jphc; transfer-syntax=${syntaxes.htj2k}`],
    ['accept=image/jph', `image/jphc; transfer-syntax=${syntaxes.htj2k}`],
    ['accept=image/x-dicom-rle', `image/dicom-rle; transfer-syntax=${syntaxes.rle}`],
    ['accept=image/x-dicom+rle', `image/dicom-rle; transfer-syntax=${syntaxes.rle}`],
    ['accept=image/jp2&transfer-syntax=*', ''],
    [
      'accept=application/octet-stream&transfer-syntax=*',
      `application/octet-stream; transfer-syntax=${syntaxes.jpegLs}`,
    ],
    [
      `accept=application/octet-stream;transfer-syntax=${syntaxes.explicitVr}`,
      `application/octet-stream; transfer-syntax=${syntaxes.explicitVr}`,
    ],
  ] as const) {
    const answer = await exchange(`${frame}?${query}`, ['Accept: */*']);
    assert.equal(answer.status, 200, query);
    // What the URL asks for in vain leaves the header's wildcard.
    if (type === '') assert.match(headerOf(answer, 'content-type'), /^multipart\/related/);
    else assert.equal(headerOf(answer, 'content-type'), type, query);
  }
});

test('PS3.18 §10.4 Cornerstone3D: ranges of 64 KiB, then of the rest, are the bytes of one envelope', async () => {
  const accept = 'Accept: multipart/related; type=application/octet-stream; transfer-syntax=*';
  const whole = await exchange(`${native.path}/frames/1`, [accept]);
  const first = await exchange(`${native.path}/frames/1`, [accept, 'Range: bytes=0-499']);
  const rest = await exchange(`${native.path}/frames/1`, [accept, 'Range: bytes=500-']);
  assert.deepEqual([first.status, rest.status], [206, 206]);
  assert.equal(headerOf(first, 'content-range'), `bytes 0-499/${whole.body.length}`);
  assert.deepEqual(Buffer.concat([first.body, rest.body]), whole.body);
  const beyond = await exchange(`${native.path}/frames/1`, [accept, 'Range: bytes=0-65535']);
  assert.deepEqual(beyond.body, whole.body);
});

test('PS3.18 §10.4 OHIF: the Accept that XMLHttpRequest joins for metadata is answered in JSON', async () => {
  for (const tail of [
    'multipart/related; type="application/octet-stream"; transfer-syntax="*"',
    'multipart/related; type=application/octet-stream; transfer-syntax=*',
    'multipart/related; type=application/octet-stream; transfer-syntax=*; transfer-syntax=*',
  ]) {
    const answer = await exchange(`${native.path}/metadata`, [
      `Accept: application/dicom+json, ${tail}`,
    ]);
    assert.equal(answer.status, 200, tail);
    assert.equal(headerOf(answer, 'content-type'), 'application/dicom+json');
  }
});

test('PS3.18 §10.4 OHIF: metadata has what renders inline, and pixel data as an absolute URI without a query', async () => {
  const url = `${server().dicomwebUrl}/studies/${native.study}/series/${native.series}/metadata`;
  const [dataSet] = (await (await fetch(url)).json()) as [JsonDataSet];
  for (const tag of ['00280002', '00280010', '00280011', '00280100', '00280101', '00280102']) {
    assert.ok(dataSet[tag]?.Value, tag);
  }
  const uri = dataSet['7FE00010']?.BulkDataURI ?? '';
  assert.equal(uri, `${server().dicomwebUrl}/${native.path}/bulkdata/7FE00010`);
});

test('PS3.18 §10.4 OHIF: the Accept of frames, quoted and duplicated', async () => {
  for (const accept of [
    'multipart/related; type="application/octet-stream"; transfer-syntax="*"',
    'multipart/related; type="application/octet-stream"; transfer-syntax=*; transfer-syntax=*',
    '*/*',
  ]) {
    const answer = await exchange(frame, [`Accept: ${accept}`]);
    const [part] = splitParts(answer.body, headerOf(answer, 'content-type'));
    assert.deepEqual(part?.body, jpegLs.stored[0], accept);
  }
});

test('PS3.18 §10.4 dicomweb-client JS: no transfer syntax is little endian, several alternatives are ranked', async () => {
  const plain = await exchange(`${jpegLs.path}/frames/1,2`, [
    'Accept: multipart/related; type="application/octet-stream"',
  ]);
  const contentType = headerOf(plain, 'content-type');
  // A streamed answer is chunked; its pieces are taken apart by the parser of another client.
  const body = /transfer-encoding: chunked/i.test(plain.head) ? unchunk(plain.body) : plain.body;
  assert.equal(body.subarray(0, 2).toString(), '--', 'no line break in front');
  assert.deepEqual(
    splitParts(body, contentType).map((part) => part.body),
    jpegLs.native,
  );
  const several = await exchange(frame, [
    'Accept: multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80, ' +
      'multipart/related; type="image/jp2"; transfer-syntax=1.2.840.10008.1.2.4.90',
  ]);
  const [part] = splitParts(several.body, headerOf(several, 'content-type'));
  assert.equal(part?.headers['content-type'], `image/jls; transfer-syntax=${syntaxes.jpegLs}`);
  assert.ok(several.body.indexOf('\r\n\r\n') < 1000, 'the header is found within 1000 bytes');
});

test('PS3.18 §10.4 dicomweb-client Python: metadata for application/dicom+json, application/json', async () => {
  const answer = await exchange(`studies/${native.study}/metadata`, [
    'Accept: application/dicom+json, application/json',
    'Accept-Encoding: gzip, deflate',
  ]);
  assert.equal(answer.status, 200);
  assert.equal(headerOf(answer, 'content-type'), 'application/dicom+json');
  assert.equal(headerOf(answer, 'content-encoding'), 'gzip');
});

test('PS3.18 §10.4 dicomweb-client Python: a boundary without a semicolon, behind multipart/related', async () => {
  const answer = await exchange(native.path, [
    'Accept: multipart/related; type="application/dicom"',
  ]);
  const contentType = headerOf(answer, 'content-type');
  assert.ok(contentType.startsWith('multipart/related'));
  const parameters = contentType.split(';').map((text) => text.trim());
  const boundary = parameters.find((text) => text.startsWith('boundary='))?.slice(9) ?? '';
  assert.ok(answer.body.toString('latin1').startsWith(`--${boundary}\r\n`));
  const [part] = splitParts(answer.body, contentType);
  assert.deepEqual(part?.body, native.part10);
});

test('PS3.18 §10.4 Weasis: the Accept without spaces, of an instance and of a series', async () => {
  const accept = 'Accept: multipart/related;type="application/dicom";transfer-syntax=*';
  for (const path of [jpegLs.path, `studies/${jpegLs.study}/series/${jpegLs.series}`]) {
    const answer = await exchange(path, [accept]);
    const [part] = splitParts(answer.body, headerOf(answer, 'content-type'));
    assert.deepEqual(part?.body, jpegLs.part10);
  }
});

test('PS3.18 §10.4 SLIM: tiles one at a time, and bulk data as octet-stream', async () => {
  const answer = await exchange(`${native.path}/frames/2`, [
    'Accept: multipart/related; type="application/octet-stream"; transfer-syntax=*',
  ]);
  const [tile] = splitParts(answer.body, headerOf(answer, 'content-type'));
  assert.deepEqual(tile?.body, native.native[1]);
  const bulk = await exchange(`${native.path}/bulkdata/7FE00010`, [
    'Accept: application/octet-stream',
    'Range: bytes=100-199',
  ]);
  assert.equal(bulk.status, 206);
  assert.deepEqual(bulk.body, Buffer.concat(native.native).subarray(100, 200));
});

test('PS3.18 §10.4 wsidicom: a transfer syntax that cannot be made is 406, and the next is tried', async () => {
  const accept = (uid: string): string =>
    `Accept: multipart/related; type="application/octet-stream"; transfer-syntax=${uid}`;
  assert.equal((await exchange(frame, [accept('1.2.840.10008.1.2.4.93')])).status, 406);
  assert.equal((await exchange(frame, [accept(syntaxes.jpegLs)])).status, 200);
});

test('PS3.18 §10.4 browsers: a preflight of a range request passes without credentials', async () => {
  const answer = await exchange(
    frame,
    [
      'Origin: https://viewer.example',
      'Access-Control-Request-Method: GET',
      'Access-Control-Request-Headers: authorization,range,if-none-match,x-requested-with',
    ],
    'OPTIONS',
  );
  assert.ok(answer.status === 200 || answer.status === 204);
  const allowed = headerOf(answer, 'access-control-allow-headers').toLowerCase();
  for (const name of ['authorization', 'range', 'if-none-match', 'x-requested-with', 'accept']) {
    assert.ok(allowed.includes(name), name);
  }
  assert.equal(headerOf(answer, 'access-control-max-age'), '86400');
});

function unchunk(body: Buffer): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; ;) {
    const end = body.indexOf('\r\n', at);
    const length = Number.parseInt(body.toString('latin1', at, end), 16);
    if (length === 0) return Buffer.concat(pieces);
    pieces.push(body.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
