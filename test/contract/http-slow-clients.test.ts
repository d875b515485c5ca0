import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { HttpExchange } from '#engine/transport/http-transport.js';
import { createNodeHttpTransport } from '#engine/transport/node-http-transport.js';
import { createUwsHttpTransport } from '#engine/transport/uws-http-transport.js';
import { RawClient } from '#test/helpers/http-client.js';
import { delay } from '#test/helpers/wait.js';

/** Longer than the 10 to 12 seconds after which uWebSockets.js by itself resets a connection. */
const stallMs = 12_800;

const transports = [
  ['uWebSockets.js', createUwsHttpTransport],
  ['node:http', createNodeHttpTransport],
] as const;

describe('stalled body, trickling body, stalled reader, slow source', { concurrency: true }, () => {
  for (const [name, create] of transports) {
    test(`all complete on ${name}`, async () => {
      const transport = await create({ handler: answer });
      const port = await transport.listen('127.0.0.1', 0);
      const outcomes = await Promise.all([
        stalledBody(port),
        tricklingBody(port),
        stalledReader(port),
        slowSource(port),
      ]);
      assert.deepEqual(outcomes, ['received 6', 'received 13000', 10_000_000, 'complete']);
      await transport.close(0);
    });
  }
});

function answer(exchange: HttpExchange): void {
  switch (exchange.request.path) {
    case '/large':
      exchange.respond(200, [], new Uint8Array(10_000_000));
      return;
    case '/slow-source':
      respondSlowly(exchange);
      return;
    default: {
      let bytes = 0;
      exchange.receiveBody({
        onChunk: (chunk) => (bytes += chunk.length),
        onEnd: () => exchange.respond(200, [], `received ${bytes}`),
      });
    }
  }
}

function respondSlowly(exchange: HttpExchange): void {
  const texts = ['com', 'plete'];
  const read = async (): Promise<Uint8Array | null> => {
    if (texts.length === 1) await delay(stallMs);
    const text = texts.shift();
    return text === undefined ? null : Buffer.from(text);
  };
  exchange.respondStream(200, [], { read, close: () => undefined }, 8);
}

async function stalledBody(port: number): Promise<string> {
  const client = new RawClient(port);
  await client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc');
  await delay(stallMs);
  await client.write('def');
  return bodyOf(await client.waitFor((text) => text.endsWith('received 6')));
}

async function tricklingBody(port: number): Promise<string> {
  const client = new RawClient(port);
  await client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 13000\r\n\r\n');
  for (let i = 0; i < 13; i++) {
    await client.write('x'.repeat(1000));
    await delay(1000);
  }
  return bodyOf(await client.waitFor((text) => text.includes('received')));
}

async function stalledReader(port: number): Promise<number> {
  const client = new RawClient(port);
  client.socket.pause();
  await client.write('GET /large HTTP/1.1\r\nHost: a\r\n\r\n');
  await delay(stallMs);
  client.socket.resume();
  const received = await client.waitFor((text) => text.length > 10_000_000);
  return bodyOf(received).length;
}

async function slowSource(port: number): Promise<string> {
  const client = new RawClient(port);
  await client.write('GET /slow-source HTTP/1.1\r\nHost: a\r\n\r\n');
  return bodyOf(await client.waitFor((text) => text.endsWith('complete')));
}

function bodyOf(response: string): string {
  return response.slice(response.indexOf('\r\n\r\n') + 4);
}
