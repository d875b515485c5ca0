import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, describe, test } from 'node:test';
import { limits } from '#engine/base/limits.js';
import { startTestServer, type OwnedServer } from '#test/helpers/server.js';
import { itemsOf, referencedSopSequence, tinyInstance } from '#test/helpers/stow-client.js';
import type { JsonDataSet } from '#test/helpers/dicomweb-client.js';

describe('RFC 7578 Store of a form', () => {
  let server: OwnedServer;
  let studies: string;
  before(async () => {
    server = await startTestServer();
    studies = `${server.dicomwebUrl}/studies`;
  });
  after(() => server.remove());

  const formOf = (files: readonly Uint8Array[], type?: string): FormData => {
    const form = new FormData();
    form.append('comment', 'passed over');
    for (const file of files) {
      form.append('image', new Blob([Buffer.from(file)], { type: type ?? '' }), 'image.dcm');
    }
    return form;
  };

  test('all files of a form are stored, in their order, whatever their size', async () => {
    const bulk = { EncapsulatedDocument: Buffer.alloc(300_000, 7) };
    const files = [tinyInstance(bulk), tinyInstance(), tinyInstance(bulk)];
    const response = await fetch(studies, { method: 'POST', body: formOf(files) });
    const dataSet = (await response.json()) as JsonDataSet;
    assert.equal(response.status, 200, JSON.stringify(dataSet));
    const uids = itemsOf(dataSet, referencedSopSequence).map(
      (item) => item['00081155']?.Value?.[0],
    );
    assert.equal(uids.length, 3);
    for (const [n, file] of files.entries()) {
      const [url] = itemsOf(dataSet, referencedSopSequence)[n]!['00081190']!.Value as [string];
      const instance = await fetch(url, { headers: { accept: 'application/dicom' } });
      assert.deepEqual(Buffer.from(await instance.arrayBuffer()), Buffer.from(file));
    }
  });

  test('a file that is no DICOM fails alone', async () => {
    const files = [Buffer.from('hello'), tinyInstance()];
    const response = await fetch(studies, { method: 'POST', body: formOf(files) });
    assert.equal(response.status, 202);
  });

  test('a form without files, without a boundary, cut off: 400, and nothing is stored of it', async () => {
    const empty = await fetch(studies, { method: 'POST', body: formOf([]) });
    assert.equal(empty.status, 400);
    for (const [contentType, body] of [
      ['multipart/form-data', 'x'],
      [
        'multipart/form-data; boundary=b',
        '--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\nhalf',
      ],
    ] as const) {
      const response = await fetch(studies, {
        method: 'POST',
        headers: { 'content-type': contentType },
        body,
      });
      assert.equal(response.status, 400, contentType);
    }
  });

  test('a form of too many parts is 413, and the server goes on', async () => {
    const part = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n';
    const response = await fetch(studies, {
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=b' },
      body: `${part.repeat(limits.multipartPartCountMax + 1)}--b--\r\n`,
    });
    assert.equal(response.status, 413, await response.text());
    const next = await fetch(studies, { method: 'POST', body: formOf([tinyInstance()]) });
    assert.equal(next.status, 200);
  });

  test('the page of another origin is refused', async () => {
    const { host } = new URL(studies);
    const statusFor = (origin: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        const headers = { origin, 'content-type': 'multipart/form-data; boundary=b' };
        const sent = request(studies, { method: 'POST', headers }, (response) => {
          resolve(response.resume().statusCode);
        });
        sent.on('error', reject);
        sent.end('--b--\r\n');
      });
    assert.equal(await statusFor('https://evil.example'), 403);
    assert.equal(await statusFor('null'), 403);
    assert.equal(await statusFor(`http://${host}`), 400);
  });
});
