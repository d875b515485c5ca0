import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitParts, stow, type BodyPart } from '#test/helpers/dicomweb-client.js';
import { send, type ClientResponse } from '#test/helpers/http-client.js';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { buildRetrieveFixture, syntaxes } from '#test/helpers/retrieve-fixtures.js';
import { sharedServer } from '#test/helpers/shared-server.js';

const native = await buildRetrieveFixture({ seed: '82', frameCount: 3 });
const jpegLs = await buildRetrieveFixture({
  seed: '83',
  frameCount: 3,
  transferSyntaxUid: syntaxes.jpegLs,
});
const uids = {
  study: '1.2.826.0.1.84.1',
  series: '1.2.826.0.1.84.2',
  instance: '1.2.826.0.1.84.3',
};
const withoutPixels = buildPart10({
  elements: { ...sampleIdentifiers(uids), PatientID: 'P', Modality: 'SR' },
});

const server = sharedServer(async ({ dicomwebUrl }) => {
  const files = [native.part10, jpegLs.part10, withoutPixels];
  assert.equal((await stow(dicomwebUrl, files)).status, 200);
});

function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<ClientResponse> {
  return send(server().httpPort, `/dicom-web/${path}`, { headers, method });
}

const anyFrames = 'multipart/related; type="application/octet-stream"; transfer-syntax=*';

async function parts(path: string, accept = anyFrames): Promise<BodyPart[]> {
  const answer = await get(path, { accept });
  assert.equal(answer.status, 200, answer.body.toString());
  return splitParts(answer.body, answer.headers['content-type']!);
}

test('PS3.18 §10.4.1.1.6 /frames without a list is every frame in order', async () => {
  const found = await parts(`${native.path}/frames`);
  assert.deepEqual(
    found.map(({ body }) => body),
    native.native,
  );
  for (const [index, { headers }] of found.entries()) {
    assert.equal(
      headers['content-type'],
      'application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1',
    );
    assert.ok(headers['content-location']?.endsWith(`${native.path}/frames/${index + 1}`));
  }
});

test('PS3.18 §10.4.1.1.6 a list is answered in its order, repeats included', async () => {
  const [one, two, three] = jpegLs.stored;
  const found = await parts(`${jpegLs.path}/frames/3,1,1,2`);
  assert.deepEqual(
    found.map(({ body }) => body),
    [three, one, one, two],
  );
});

test('PS3.18 §10.4.1.1.6 a number below 1 is 400, one beyond the last frame 404', async () => {
  for (const list of ['0', '-1', '1,0', 'x', '1,', '1;2', '99999999999']) {
    assert.equal(
      (await get(`${native.path}/frames/${encodeURIComponent(list)}`)).status,
      400,
      list,
    );
  }
  for (const list of ['4', '1,4', '999999999']) {
    assert.equal((await get(`${native.path}/frames/${list}`)).status, 404, list);
  }
  const path = `studies/${uids.study}/series/${uids.series}/instances/${uids.instance}`;
  assert.equal((await get(`${path}/frames/1`)).status, 404);
  assert.equal((await get(`${path}/frames`)).status, 404);
});

test('PS3.18 §8.7.3.3 one frame comes alone where that is asked for, several do not', async () => {
  const accept = 'application/octet-stream; transfer-syntax=*';
  const alone = await get(`${jpegLs.path}/frames/2`, { accept });
  assert.equal(alone.status, 200);
  assert.equal(
    alone.headers['content-type'],
    `application/octet-stream; transfer-syntax=${syntaxes.jpegLs}`,
  );
  assert.ok(alone.headers['content-location']?.endsWith('/frames/2'));
  assert.deepEqual(alone.body, jpegLs.stored[1]);
  assert.equal((await get(`${jpegLs.path}/frames/1,2`, { accept })).status, 406);
  const azure = `/v2/${jpegLs.path}/frames/1,2`;
  assert.equal((await send(server().httpPort, azure, { headers: { accept } })).status, 400);
});

test('PS3.18 §8.7.3.3 octet-stream without a transfer syntax is little endian pixels', async () => {
  const found = await parts(
    `${jpegLs.path}/frames`,
    'multipart/related; type="application/octet-stream"',
  );
  assert.deepEqual(
    found.map(({ body }) => body),
    jpegLs.native,
  );
});

test('PS3.18 §8.7.3.3 a frame stored without loss is had in other lossless transfer syntaxes', async () => {
  for (const [accept, type, uid] of [
    ['image/jp2', 'image/jp2', syntaxes.jpeg2000],
    ['image/jphc', 'image/jphc', syntaxes.htj2k],
    ['image/jls', 'image/jls', syntaxes.jpegLs],
    ['image/dicom-rle', 'image/dicom-rle', syntaxes.rle],
    [
      `application/octet-stream; transfer-syntax=${syntaxes.rle}`,
      'application/octet-stream',
      syntaxes.rle,
    ],
  ] as const) {
    const answer = await get(`${native.path}/frames/1`, { accept });
    assert.equal(answer.status, 200, accept);
    assert.equal(answer.headers['content-type'], `${type}; transfer-syntax=${uid}`);
  }
  assert.equal((await get(`${native.path}/frames/1`, { accept: 'video/mp4' })).status, 406);
});

test('RFC 9110 §14 ranges of one frame, alone and as multipart, put together are the whole', async () => {
  for (const accept of [anyFrames, 'application/octet-stream; transfer-syntax=*', 'image/jp2']) {
    const path = `${native.path}/frames/1`;
    const whole = await get(path, { accept });
    assert.equal(whole.status, 200);
    assert.equal(whole.headers['accept-ranges'], 'bytes');
    assert.equal(whole.headers['content-length'], String(whole.body.length));
    const pieces: Buffer[] = [];
    for (const [first, last] of [
      [0, 99],
      [100, 511],
      [512, ''],
    ] as const) {
      const piece = await get(path, { accept, range: `bytes=${first}-${last}` });
      assert.equal(piece.status, 206);
      assert.equal(piece.headers.etag, whole.headers.etag);
      const end = last === '' ? whole.body.length - 1 : last;
      assert.equal(piece.headers['content-range'], `bytes ${first}-${end}/${whole.body.length}`);
      pieces.push(piece.body);
    }
    assert.deepEqual(Buffer.concat(pieces), whole.body);
  }
});

test('RFC 9110 §14 ranges of several frames cross the parts', async () => {
  const whole = await get(`${native.path}/frames`, { accept: anyFrames });
  const range = `bytes=-${whole.body.length - 700}`;
  const piece = await get(`${native.path}/frames`, { accept: anyFrames, range });
  assert.equal(piece.status, 206);
  assert.deepEqual(piece.body, whole.body.subarray(700));
});

test('RFC 9110 §14.2 no range: another unit, a malformed one, several, one that is not of this version, or HEAD', async () => {
  const path = `${native.path}/frames/1`;
  const { headers, body } = await get(path);
  for (const range of ['lines=0-1', 'bytes=5-1', 'bytes=x-', 'bytes=', 'bytes=0-1,5-6']) {
    const answer = await get(path, { range });
    assert.equal(answer.status, 200, range);
    assert.deepEqual(answer.body, body);
  }
  const stale = await get(path, { range: 'bytes=0-9', 'if-range': '"another"' });
  assert.equal(stale.status, 200);
  const fresh = await get(path, { range: 'bytes=0-9', 'if-range': headers.etag! });
  assert.equal(fresh.status, 206);
  const head = await get(path, { range: 'bytes=0-9' }, 'HEAD');
  assert.equal(head.status, 200);
  assert.equal(head.headers['content-length'], String(body.length));
  assert.equal(head.body.length, 0);
});

test('RFC 9110 §15.5.17 a range behind the end is 416 and tells the length', async () => {
  const path = `${native.path}/frames/1`;
  const { body } = await get(path);
  const answer = await get(path, { range: 'bytes=999999-' });
  assert.equal(answer.status, 416);
  assert.equal(answer.headers['content-range'], `bytes */${body.length}`);
});

test('RFC 9110 §13.1.2 each representation has a strong tag of its own, and a known one is 304', async () => {
  const tags = new Set<string>();
  for (const accept of [anyFrames, 'application/octet-stream', 'image/jp2', 'image/jls']) {
    const { headers } = await get(`${native.path}/frames/1`, { accept });
    assert.match(headers.etag!, /^"[^"]+"$/);
    assert.match(headers.vary!, /Accept/);
    assert.match(headers['cache-control']!, /private/);
    tags.add(headers.etag!);
    const again = await get(`${native.path}/frames/1`, { accept, 'if-none-match': headers.etag! });
    assert.equal(again.status, 304);
    assert.equal(again.body.length, 0);
    for (const name of ['etag', 'vary', 'cache-control']) {
      assert.equal(again.headers[name], headers[name], name);
    }
  }
  assert.equal(tags.size, 4);
});

test('PS3.18 §10.4, Fetch standard: every answer may be read by a page that is allowed to, errors included', async () => {
  for (const [path, headers, status] of [
    [`${native.path}/frames/1`, {}, 200],
    [`${native.path}/frames/1`, { range: 'bytes=0-1' }, 206],
    [`${native.path}/frames/1`, { range: 'bytes=999999-' }, 416],
    [`${native.path}/frames/1`, { accept: 'text/html' }, 406],
    [`${native.path}/frames/0`, {}, 400],
    [`${native.path}/frames/9`, {}, 404],
  ] as const) {
    const answer = await get(path, { ...headers, origin: 'https://viewer.example' });
    assert.equal(answer.status, status);
    assert.equal(answer.headers['cross-origin-resource-policy'], 'cross-origin');
    assert.match(answer.headers.vary ?? '', /Origin/);
  }
});
