import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createNodeHttpTransport } from '#engine/transport/node-http-transport.js';
import { createUwsHttpTransport } from '#engine/transport/uws-http-transport.js';

for (const [name, create] of [
  ['uWebSockets.js', createUwsHttpTransport],
  ['node:http', createNodeHttpTransport],
] as const) {
  test(`TLS on ${name}: a body up and a large body down`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'gantry-tls-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const tls = { keyFile: join(folder, 'key.pem'), certFile: join(folder, 'cert.pem') };
    try {
      makeCertificate(tls);
    } catch {
      t.skip('NO TLS TEST: the openssl command is missing');
      return;
    }
    const body = new Uint8Array(5_000_000).fill(7);
    const transport = await create({
      tls,
      handler: (exchange) => {
        exchange.receiveBody({
          onChunk: () => undefined,
          onEnd: () => exchange.respond(200, [], body),
        });
      },
    });
    const port = await transport.listen('127.0.0.1', 0);
    assert.deepEqual(await post(port, Buffer.alloc(1_000_000)), Buffer.from(body));
    await transport.close(0);
  });
}

function makeCertificate(tls: { keyFile: string; certFile: string }): void {
  const names = ['-keyout', tls.keyFile, '-out', tls.certFile, '-subj', '/CN=localhost'];
  const options = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', ...options, ...names], { stdio: 'ignore' });
}

function post(port: number, body: Uint8Array): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'POST', rejectUnauthorized: false };
    const outgoing = request({ ...options, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => resolve(Buffer.concat(chunks)));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
