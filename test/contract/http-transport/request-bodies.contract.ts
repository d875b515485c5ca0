import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HttpExchange } from '#engine/transport/http-transport.js';
import { RawClient, send } from '#test/helpers/http-client.js';
import { delay, until } from '#test/helpers/wait.js';
import {
  digest,
  echoDigest,
  patternBytes,
  post,
  repeat,
  type TransportBed,
} from './transport-bed.js';

/** Request bodies: delivery, pause, early answers, clients that go or are slow. */
export function requestBodiesContract(bed: TransportBed): void {
  for (const framing of ['sized', 'chunked'] as const) {
    test(`delivers a ${framing} request body`, async () => {
      const port = await bed.serve((exchange) => echoDigest(exchange));
      const body = patternBytes(3_000_000);
      const response = await post(port, body, framing === 'sized');
      assert.equal(response, digest(body));
    });

    test(`delivers a ${framing} body to a receiver that comes late`, async () => {
      const port = await bed.serve((exchange) => {
        setTimeout(() => echoDigest(exchange), 50);
      });
      const body = patternBytes(3_000_000);
      assert.equal(await post(port, body, framing === 'sized'), digest(body));
    });
  }

  test('a request without body ends at once, also for a late receiver', async () => {
    const port = await bed.serve((exchange) => {
      if (exchange.request.path === '/now') echoDigest(exchange);
      else setTimeout(() => echoDigest(exchange), 20);
    });
    const empty = digest(Buffer.alloc(0));
    assert.equal((await send(port, '/now')).body.toString(), empty);
    assert.equal((await send(port, '/late')).body.toString(), empty);
    const headers = { 'content-length': '0' };
    assert.equal((await send(port, '/late', { method: 'POST', headers })).body.toString(), empty);
  });

  test('pause keeps the body in the socket, resume gets all of it', async () => {
    const total = 64 * 1024 * 1024;
    let received = 0;
    let paused: HttpExchange | undefined;
    const port = await bed.serve((exchange) => {
      exchange.receiveBody({
        onChunk: (chunk) => {
          received += chunk.length;
          if (paused === undefined) {
            paused = exchange;
            exchange.pauseBody();
          }
        },
        onEnd: () => exchange.respond(200, [], String(received)),
      });
    });
    const answer = post(port, new Uint8Array(total), true);
    await until(() => paused !== undefined, 'first chunk');
    await delay(100);
    const afterPause = received;
    await delay(200);
    assert.equal(received, afterPause, 'nothing comes while paused');
    assert.ok(received < 8 * 1024 * 1024, `${received} bytes came after the pause`);
    paused!.resumeBody();
    assert.equal(await answer, String(total));
  });

  test('a client that goes in the middle of its body aborts the exchange once', async () => {
    let aborts = 0;
    let ends = 0;
    let exchangeSeen: HttpExchange | undefined;
    const port = await bed.serve((exchange) => {
      exchangeSeen = exchange;
      exchange.onAborted(() => aborts++);
      exchange.receiveBody({ onChunk: () => undefined, onEnd: () => ends++ });
    });
    const client = new RawClient(port);
    await client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc');
    await until(() => exchangeSeen !== undefined, 'the exchange');
    client.destroy();
    await until(() => aborts > 0, 'the abort');
    assert.ok(exchangeSeen!.isAborted);
    exchangeSeen!.pauseBody();
    exchangeSeen!.resumeBody();
    exchangeSeen!.respond(200, [], 'nobody hears this');
    await delay(20);
    assert.equal(aborts, 1);
    assert.equal(ends, 0);
  });

  test('an answer before the body was read reaches the client, and the connection goes on', async () => {
    const port = await bed.serve((exchange) => {
      if (exchange.request.method === 'POST') exchange.respond(413, [], 'too large');
      else exchange.respond(200, [], 'next');
    });
    const client = new RawClient(port);
    await client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n');
    await client.waitFor((received) => received.includes('too large'));
    await client.write(new Uint8Array(5_000_000));
    await client.write('GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.match(await client.waitFor((received) => received.endsWith('next')), /413[^]*200 OK/);
    client.destroy();
  });

  test('an answer in the middle of the body ends its delivery', async () => {
    let chunksAfterAnswer = 0;
    const port = await bed.serve((exchange) => {
      exchange.receiveBody({
        onChunk: () => {
          if (exchange.isAnswered) chunksAfterAnswer++;
          else exchange.respond(400, [], 'bad part');
        },
        onEnd: () => chunksAfterAnswer++,
      });
    });
    assert.equal(await post(port, new Uint8Array(4_000_000), false), 'bad part');
    assert.equal(chunksAfterAnswer, 0);
  });

  test('a client that stalls for the whole window is cut off', async () => {
    const slowClients = { stallTimeoutMs: 200, minimumBodyBytesPerSecond: 0 };
    let aborts = 0;
    const port = await bed.serve(
      (exchange) => {
        exchange.onAborted(() => aborts++);
        if (exchange.request.method === 'POST') echoDigest(exchange);
        else exchange.respondStream(200, [], repeat('x'.repeat(100_000), Number.POSITIVE_INFINITY));
      },
      { slowClients },
    );
    const sender = new RawClient(port);
    await sender.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc');
    await sender.waitForClose();
    const reader = new RawClient(port);
    reader.socket.pause();
    await reader.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await until(() => aborts === 2, 'the abort of the reader');
    reader.destroy();
  });

  test('a body slower than the minimum rate is cut off, one that we paused is not', async () => {
    const slowClients = { stallTimeoutMs: 200, minimumBodyBytesPerSecond: 1000 };
    const port = await bed.serve(
      (exchange) => {
        echoDigest(exchange);
        if (exchange.request.path === '/paused') {
          exchange.pauseBody();
          setTimeout(() => exchange.resumeBody(), 600);
        }
      },
      { slowClients },
    );
    const slow = new RawClient(port);
    await slow.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n');
    const trickle = setInterval(() => void slow.write('x'), 20);
    assert.equal(await slow.waitForClose(), '');
    clearInterval(trickle);
    const paused = send(port, '/paused', { method: 'POST', body: 'abc' });
    assert.equal((await paused).body.toString(), digest(Buffer.from('abc')));
  });
}
