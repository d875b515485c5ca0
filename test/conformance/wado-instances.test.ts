import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { splitParts, stow } from '#test/helpers/dicomweb-client.js';
import { send, type ClientResponse } from '#test/helpers/http-client.js';
import {
  buildRetrieveFixture,
  syntaxes,
  type RetrieveFixture,
} from '#test/helpers/retrieve-fixtures.js';
import { sharedServer } from '#test/helpers/shared-server.js';

// One study a case: transfer syntaxes are mixed inside them.
const mixed = await Promise.all([
  buildRetrieveFixture({ seed: '85', number: 1 }),
  buildRetrieveFixture({ seed: '85', number: 2, transferSyntaxUid: syntaxes.rle }),
  buildRetrieveFixture({ seed: '85', number: 3, transferSyntaxUid: syntaxes.jpeg2000Lossy }),
]);
const partial = await Promise.all([
  buildRetrieveFixture({ seed: '86', number: 1, transferSyntaxUid: syntaxes.jpegLs }),
  buildRetrieveFixture({ seed: '86', number: 2, transferSyntaxUid: syntaxes.unknown }),
]);
const implicit = await buildRetrieveFixture({
  seed: '87',
  transferSyntaxUid: syntaxes.implicitVr,
});
/** More than are read from the catalogue at a time; of the last the transfer syntax is unknown. */
const large = await Promise.all(
  Array.from({ length: 140 }, (_, index) =>
    buildRetrieveFixture({
      seed: '89',
      size: 2,
      number: 100 + index,
      ...(index === 139 ? { transferSyntaxUid: syntaxes.unknown } : {}),
    }),
  ),
);
const broken = await buildRetrieveFixture({ seed: '90', transferSyntaxUid: syntaxes.jpegLs });
breakFrame(broken);
const sound = await buildRetrieveFixture({
  seed: '90',
  number: 2,
  transferSyntaxUid: syntaxes.jpegLs,
});
/** Too much to be read before the answer begins; the last is broken. */
const late = await Promise.all(
  Array.from({ length: 5 }, (_, index) =>
    buildRetrieveFixture({
      seed: '91',
      number: index + 1,
      size: 400,
      transferSyntaxUid: syntaxes.rle,
    }),
  ),
);
breakFrame(late[4]!);
const studyOf = ({ study }: RetrieveFixture): string => `studies/${study}`;

const server = sharedServer(async ({ dicomwebUrl }) => {
  const files = [...mixed, ...partial, implicit, ...large, broken, sound, ...late].map(
    ({ part10 }) => part10,
  );
  const { status } = await stow(dicomwebUrl, files);
  assert.ok(status === 200 || status === 202, String(status));
});

/** Makes the frame something that is no codestream. */
function breakFrame({ part10, stored }: RetrieveFixture): void {
  part10.fill(0x5a, part10.indexOf(stored[0]!), part10.length - 20);
}

function get(
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
): Promise<ClientResponse> {
  return send(server().httpPort, `/dicom-web/${path}`, { headers, method });
}

/** Transfer syntaxes and bodies of the parts of an answer. */
function partsOf(answer: ClientResponse): { readonly uid: string; readonly body: Buffer }[] {
  return splitParts(answer.body, answer.headers['content-type']!).map(({ headers, body }) => ({
    uid: /transfer-syntax=([0-9.]+)$/.exec(headers['content-type'] ?? '')?.[1] ?? '',
    body,
  }));
}

const dicom = 'multipart/related; type="application/dicom"';

test('PS3.18 §8.7.3.4 transfer-syntax=* is the bytes that were stored, in every syntax', async () => {
  for (const accept of [`${dicom}; transfer-syntax=*`, '*/*', 'multipart/related']) {
    const answer = await get(studyOf(mixed[0]), { accept });
    assert.equal(answer.status, 200, accept);
    assert.deepEqual(
      partsOf(answer).map(({ body }) => body),
      mixed.map(({ part10 }) => part10),
    );
  }
  const alone = await get(partial[1].path, { accept: 'application/dicom; transfer-syntax=*' });
  assert.equal(alone.status, 200);
  assert.deepEqual(alone.body, partial[1].part10);
});

test('PS3.18 §8.7.3.4 no transfer syntax is Explicit VR Little Endian, but for what exists with loss only', async () => {
  const answer = await get(studyOf(mixed[0]), { accept: dicom });
  assert.equal(answer.status, 200);
  const parts = partsOf(answer);
  assert.deepEqual(
    parts.map(({ uid }) => uid),
    [syntaxes.explicitVr, syntaxes.explicitVr, syntaxes.jpeg2000Lossy],
  );
  assert.ok(parts[1]!.body.includes(mixed[1].native[0]!), 'the RLE frame is decoded');
  assert.deepEqual(parts[2]!.body, mixed[2].part10);
  const [converted] = partsOf(await get(implicit.path, { accept: dicom }));
  assert.equal(converted?.uid, syntaxes.explicitVr);
  assert.ok(converted.body.includes(implicit.native[0]!));
});

test('PS3.18 §8.7.3.4 a transfer syntax that is named is made of each instance', async () => {
  const accept = `${dicom}; transfer-syntax=${syntaxes.explicitVr}`;
  const answer = await get(studyOf(mixed[0]), { accept });
  assert.equal(answer.status, 200);
  assert.ok(partsOf(answer).every(({ uid }) => uid === syntaxes.explicitVr));
});

test('PS3.18 §8.5.1 206 with a warning when some instances have no form that the client takes, 406 when all have', async () => {
  const accept = `${dicom}; transfer-syntax=${syntaxes.explicitVr}`;
  const answer = await get(studyOf(partial[0]), { accept });
  assert.equal(answer.status, 206);
  assert.equal(answer.headers['warning'], '299 gantry "Some instances cannot be given"');
  assert.equal(answer.headers['etag'], undefined, 'the tag is that of the whole');
  assert.equal(partsOf(answer).length, 1);
  const refused = await get(partial[1].path, { accept });
  assert.equal(refused.status, 406);
  assert.match(refused.body.toString(), /transfer syntax/);
  assert.equal((await get(studyOf(mixed[0]), { accept: 'image/jpeg' })).status, 406);
});

test('PS3.18 §8.5.1 206 also when what has no form comes late in a large study', async () => {
  const accept = `${dicom}; transfer-syntax=${syntaxes.explicitVr}`;
  const answer = await get(studyOf(large[0]!), { accept });
  assert.equal(answer.status, 206);
  assert.equal(partsOf(answer).length, large.length - 1);
  const stored = await get(studyOf(large[0]!), { accept: `${dicom}; transfer-syntax=*` });
  assert.equal(stored.status, 200);
  assert.equal(partsOf(stored).length, large.length);
});

test('PS3.18 §8.7.3 frames that are not what they say have no other form than the stored one', async () => {
  const accept = `application/dicom; transfer-syntax=${syntaxes.explicitVr}`;
  for (const path of ['', '/frames/1', '/rendered', '/thumbnail']) {
    const answer = await get(`${broken.path}${path}`, path === '' ? { accept } : {});
    assert.equal(answer.status, path === '/frames/1' ? 200 : 406, path);
  }
  const stored = await get(broken.path, { accept: 'application/dicom; transfer-syntax=*' });
  assert.deepEqual(stored.body, broken.part10);
  const others = await get(studyOf(broken), {
    accept: `${dicom}; transfer-syntax=${syntaxes.explicitVr}`,
  });
  assert.equal(others.status, 206);
  assert.deepEqual(
    partsOf(others).map(({ body }) => body.includes(sound.native[0]!)),
    [true],
  );
  const unnamed = partsOf(await get(studyOf(broken), { accept: dicom }));
  assert.deepEqual(
    unnamed.map(({ uid }) => uid),
    [syntaxes.jpegLs, syntaxes.explicitVr],
  );
});

test('PS3.18 §8.5.1 a codestream that proves broken behind the first bytes leaves the answer without its end, and is then 206', async () => {
  const accept = `${dicom}; transfer-syntax=${syntaxes.explicitVr}`;
  const first = await get(studyOf(late[0]!), { accept });
  assert.equal(first.status, 200);
  assert.equal(first.isComplete, false);
  const second = await get(studyOf(late[0]!), { accept });
  assert.equal(second.status, 206);
  assert.equal(partsOf(second).length, late.length - 1);
});

test('PS3.18 §8.7.3 one instance comes alone where that is asked for, several do not', async () => {
  const accept = 'application/dicom; transfer-syntax=*';
  const alone = await get(mixed[0].path, { accept });
  assert.equal(
    alone.headers['content-type'],
    `application/dicom; transfer-syntax=${syntaxes.explicitVr}`,
  );
  assert.match(alone.headers['content-disposition']!, /^attachment; filename="[0-9.]+\.dcm"$/);
  assert.deepEqual(alone.body, mixed[0].part10);
  assert.equal((await get(studyOf(mixed[0]), { accept })).status, 406);
});

test('RFC 9110 §14 ranges of a study are those of its multipart', async () => {
  const headers = { accept: `${dicom}; transfer-syntax=*` };
  const whole = await get(studyOf(mixed[0]), headers);
  assert.equal(whole.headers['content-length'], String(whole.body.length));
  const pieces: Buffer[] = [];
  for (let at = 0; at < whole.body.length; at += 1500) {
    const piece = await get(studyOf(mixed[0]), { ...headers, range: `bytes=${at}-${at + 1499}` });
    assert.equal(piece.status, 206);
    pieces.push(piece.body);
  }
  assert.deepEqual(Buffer.concat(pieces), whole.body);
});

test('RFC 9110 §13.1.2 a study that is known already is 304, in that representation alone', async () => {
  const stored = { accept: `${dicom}; transfer-syntax=*` };
  const { headers } = await get(studyOf(mixed[0]), stored);
  const tag = { 'if-none-match': headers.etag! };
  assert.equal((await get(studyOf(mixed[0]), { ...stored, ...tag })).status, 304);
  assert.equal((await get(studyOf(mixed[0]), { accept: dicom, ...tag })).status, 200);
});

test('PS3.18 §8.7.3 a study as application/zip is an archive of the stored files, with ranges', async () => {
  const headers = { accept: 'application/zip' };
  const whole = await get(studyOf(mixed[0]), headers);
  assert.equal(whole.status, 200);
  assert.equal(whole.headers['content-type'], 'application/zip');
  assert.equal(whole.headers['content-length'], String(whole.body.length));
  const head = await get(studyOf(mixed[0]), headers, 'HEAD');
  assert.equal(head.headers['content-length'], String(whole.body.length));
  const end = await get(studyOf(mixed[0]), { ...headers, range: 'bytes=1000-' });
  assert.equal(end.status, 206);
  assert.deepEqual(end.body, whole.body.subarray(1000));
  const folder = mkdtempSync(join(tmpdir(), 'gantry-zip-'));
  try {
    writeFileSync(join(folder, 'study.zip'), whole.body);
    execFileSync('python3', ['-m', 'zipfile', '-e', 'study.zip', '.'], { cwd: folder });
    for (const { series, instance, part10 } of mixed) {
      assert.deepEqual(readFileSync(join(folder, series, `${instance}.dcm`)), part10);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  const seriesPath = `${studyOf(mixed[0])}/series/${mixed[0].series}`;
  assert.equal((await get(seriesPath, headers)).headers['content-type'], 'application/zip');
  const query = await get(`${studyOf(mixed[0])}?accept=application/zip`);
  assert.equal(query.headers['content-type'], 'application/zip');
});

test('PS3.18 §8.5 what is not stored is 404, what is no UID 400', async () => {
  assert.equal((await get('studies/1.2.3.404')).status, 404);
  assert.equal((await get(`${studyOf(mixed[0])}/series/1.2.3.404`)).status, 404);
  assert.equal((await get('studies/1.2.3.404', { accept: 'application/zip' })).status, 404);
  assert.equal((await get('studies/not-a-uid')).status, 400);
});
