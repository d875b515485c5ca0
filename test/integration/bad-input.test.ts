import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { corpusDir, corpusFiles, corpusMissing, readCorpusFile } from '../helpers/corpus.js';
import { dcmtkMissing, runDcmtk } from '../helpers/dcmtk.js';
import { multipartBody, qido, stow, stowContentType } from '../helpers/dicomweb-client.js';
import { withServer, type TestServer } from '../helpers/server.js';

async function assertAlive(server: TestServer): Promise<void> {
  assert.equal(server.process.exitCode, null, server.output());
  const response = await fetch(`${server.httpUrl}/readyz`);
  assert.equal(response.status, 200);
}

async function post(
  server: TestServer,
  contentType: string | undefined,
  body: Uint8Array | string,
  path = 'studies',
): Promise<Response> {
  const headers: Record<string, string> =
    contentType === undefined ? {} : { 'content-type': contentType };
  return fetch(`${server.dicomwebUrl}/${path}`, { method: 'POST', headers, body });
}

test('PS3.18 §10.5: requests that cannot be understood are refused with the reason', async () => {
  await withServer(async (server) => {
    const part = multipartBody([Buffer.from('this is not DICOM, just text of some length')]);
    const cases: [string, Response, number][] = [
      ['not DICOM', await post(server, stowContentType, part), 400],
      ['empty part', await post(server, stowContentType, multipartBody([new Uint8Array()])), 400],
      ['wrong content type', await post(server, 'text/plain', 'hello'), 415],
      ['no content type', await post(server, undefined, new Uint8Array([1, 2, 3])), 415],
      ['no boundary', await post(server, 'multipart/related; type="application/dicom"', part), 400],
      ['no parts', await post(server, stowContentType, multipartBody([])), 400],
      ['empty body', await post(server, stowContentType, ''), 400],
      ['bad study UID', await post(server, stowContentType, part, 'studies/..%2f..%2fetc'), 400],
      ['bad study UID', await post(server, stowContentType, part, 'studies/1.2.a'), 400],
    ];
    for (const [what, response, status] of cases) {
      const text = await response.text();
      assert.equal(response.status, status, `${what}: ${text}`);
      assert.ok(text.length > 0, `${what}: the reason is told`);
    }
    await assertAlive(server);
  });
});

test('an HTTP client that ends its body early harms nobody', async () => {
  await withServer(async (server) => {
    const socket = connect(server.httpPort, '127.0.0.1');
    socket.write(
      `POST /dicom-web/studies HTTP/1.1\r\nHost: x\r\nContent-Type: ${stowContentType}\r\nContent-Length: 4294967295\r\n\r\n`,
    );
    socket.write(multipartBody([Buffer.alloc(1000)]).subarray(0, 500));
    await new Promise((resolve) => setTimeout(resolve, 200));
    socket.destroy();
    await assertAlive(server);
  });
});

test('PS3.8 §9.3: HTTP and a PDU of 4 GB on the DIMSE port are refused', async () => {
  await withServer(async (server) => {
    for (const bytes of [
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.from([0x01, 0x00, 0xff, 0xff, 0xff, 0xff, 0x00, 0x01]),
    ]) {
      const socket = connect(server.dimsePort, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(bytes);
      await new Promise((resolve) => socket.once('close', resolve).once('data', resolve));
      socket.destroy();
    }
    await assertAlive(server);
  });
});

describe('every broken file of the corpus', { skip: corpusMissing }, () => {
  const files =
    corpusMissing === false ? corpusFiles().filter((file) => file.path.startsWith('broken/')) : [];

  test(`${files.length} files by STOW-RS: no crash, no hang, no 500`, async () => {
    await withServer(async (server) => {
      for (const file of files) {
        const { status } = await stow(server.dicomwebUrl, [readCorpusFile(file)]);
        assert.ok([200, 202, 400, 409].includes(status), `${file.path}: ${status}`);
      }
      await qido(server.dicomwebUrl, 'studies');
      await assertAlive(server);
    });
  });

  test(`${files.length} files by storescu: no crash, no hang`, { skip: dcmtkMissing }, async () => {
    await withServer(async (server) => {
      for (const file of files) {
        const target = ['127.0.0.1', String(server.dimsePort)];
        await runDcmtk('storescu', ['-R', ...target, join(corpusDir, file.path)]);
      }
      const echo = await runDcmtk('echoscu', ['127.0.0.1', String(server.dimsePort)]);
      assert.equal(echo.exitCode, 0, echo.output);
      await assertAlive(server);
    });
  });
});
