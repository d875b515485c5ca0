import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';
import { afterEach, describe, test } from 'node:test';
import type {
  HttpExchange,
  HttpHandler,
  HttpTransport,
  HttpTransportOptions,
  ResponseSource,
} from '#engine/transport/http-transport.js';
import { RawClient, send } from '#test/helpers/http-client.js';
import { delay, until } from '#test/helpers/wait.js';

export type TransportFactory = (
  options: HttpTransportOptions,
) => HttpTransport | Promise<HttpTransport>;

/** What every HttpTransport must do; `name` heads the report. */
export function httpTransportContract(name: string, create: TransportFactory): void {
  describe(name, () => {
    const open: HttpTransport[] = [];

    async function serve(
      handler: HttpHandler,
      options: Omit<HttpTransportOptions, 'handler'> = {},
    ): Promise<number> {
      const transport = await create({ handler, ...options });
      open.push(transport);
      return transport.listen('127.0.0.1', 0);
    }

    afterEach(async () => {
      for (const transport of open.splice(0)) await transport.close(0);
    });

    test('gives method, path, query and headers as they were sent', async () => {
      let seen: HttpExchange['request'] | undefined;
      const port = await serve((exchange) => {
        seen = exchange.request;
        exchange.respond(200, []);
      });
      await send(port, '/studies/1%2E2/a%2Fb%20c?PatientName=A%5EB&x', {
        method: 'PATCH',
        headers: { Accept: ['a/b', 'c/d'], 'X-One': 'Ü1' },
      });
      assert.equal(seen?.method, 'PATCH');
      assert.equal(seen.path, '/studies/1%2E2/a%2Fb%20c');
      assert.equal(seen.query, 'PatientName=A%5EB&x');
      assert.equal(seen.header('accept'), 'a/b, c/d');
      assert.equal(seen.header('x-two'), undefined);
      assert.equal(seen.remoteAddress, '127.0.0.1');
    });

    test('answers with status, headers and a sized body', async () => {
      const port = await serve((exchange) => {
        exchange.respond(
          409,
          [
            ['content-type', 'text/plain'],
            ['x-b', '1'],
          ],
          'Grüße',
        );
        assert.ok(exchange.isAnswered);
      });
      const response = await send(port, '/');
      assert.equal(response.status, 409);
      assert.equal(response.headers['content-type'], 'text/plain');
      assert.equal(response.headers['x-b'], '1');
      assert.equal(response.headers['content-length'], '7');
      assert.equal(response.body.toString(), 'Grüße');
    });

    test('answers after the handler has returned', async () => {
      const port = await serve((exchange) => {
        setImmediate(() => exchange.respond(200, [], 'later'));
      });
      assert.equal((await send(port, '/')).body.toString(), 'later');
    });

    test('204 and 304 have neither body nor length; an empty 200 has length 0', async () => {
      const port = await serve((exchange) =>
        exchange.respond(Number(exchange.request.path.slice(1)), [['etag', '"1"']]),
      );
      for (const status of [204, 304]) {
        const response = await send(port, `/${status}`);
        assert.equal(response.status, status);
        assert.equal(response.headers['content-length'], undefined);
        assert.equal(response.headers['transfer-encoding'], undefined);
        assert.equal(response.headers.etag, '"1"');
      }
      assert.equal((await send(port, '/200')).headers['content-length'], '0');
    });

    test('HEAD gets the headers and the length of the GET, and the connection goes on', async () => {
      const isClosed: string[] = [];
      const port = await serve((exchange) => {
        if (exchange.request.path === '/whole') exchange.respond(200, [], 'x'.repeat(1234));
        else {
          const source = repeat('x', 10, () => isClosed.push(exchange.request.path));
          exchange.respondStream(
            200,
            [],
            source,
            exchange.request.path === '/sized' ? 10 : undefined,
          );
        }
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const lengths = [];
      for (const path of ['/whole', '/sized', '/chunked']) {
        const response = await send(port, path, { method: 'HEAD', agent });
        assert.equal(response.body.length, 0);
        lengths.push(response.headers['content-length']);
      }
      agent.destroy();
      assert.deepEqual(lengths, ['1234', '10', undefined]);
      assert.deepEqual(isClosed, ['/sized', '/chunked']);
    });

    for (const framing of ['sized', 'chunked'] as const) {
      test(`delivers a ${framing} request body`, async () => {
        const port = await serve((exchange) => echoDigest(exchange));
        const body = patternBytes(3_000_000);
        const response = await post(port, body, framing === 'sized');
        assert.equal(response, digest(body));
      });

      test(`delivers a ${framing} body to a receiver that comes late`, async () => {
        const port = await serve((exchange) => {
          setTimeout(() => echoDigest(exchange), 50);
        });
        const body = patternBytes(3_000_000);
        assert.equal(await post(port, body, framing === 'sized'), digest(body));
      });
    }

    test('a request without body ends at once, also for a late receiver', async () => {
      const port = await serve((exchange) => {
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
      const port = await serve((exchange) => {
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

    test('a large sized response to a slow reader: one piece in memory, every byte right', async () => {
      await slowRead(serve, true);
    });

    test('a large chunked response to a slow reader: one piece in memory, every byte right', async () => {
      await slowRead(serve, false);
    });

    test('a large complete body is not cut by a slow reader or by close', async () => {
      const body = patternBytes(20_000_000);
      const transport = await create({ handler: (exchange) => exchange.respond(200, [], body) });
      const port = await transport.listen('127.0.0.1', 0);
      const answer = slowlyRead(port, '/');
      await delay(30);
      await transport.close(5_000);
      assert.equal(digest((await answer).body), digest(body));
    });

    test('sends views of shared memory', async () => {
      const shared = new Uint8Array(new SharedArrayBuffer(300_000), 1000, 250_000);
      shared.set(patternBytes(250_000));
      const port = await serve((exchange) => {
        if (exchange.request.path === '/whole') exchange.respond(200, [], shared);
        else exchange.respondStream(200, [], pieces([shared, shared]));
      });
      assert.equal(digest((await send(port, '/whole')).body), digest(shared));
      const streamed = await send(port, '/streamed');
      assert.equal(streamed.headers['transfer-encoding'], 'chunked');
      assert.equal(digest(streamed.body), digest(Buffer.concat([shared, shared])));
    });

    test('a source may be asynchronous, and may give empty pieces', async () => {
      const port = await serve((exchange) => {
        const parts = ['', 'a', '', 'bc', ''].map((text) => Buffer.from(text));
        const source = pieces(parts);
        const read = async (): Promise<Uint8Array | null> => {
          await delay(2);
          return source.read();
        };
        const length = exchange.request.path === '/sized' ? 3 : undefined;
        exchange.respondStream(200, [], { read, close: () => source.close() }, length);
      });
      assert.equal((await send(port, '/sized')).body.toString(), 'abc');
      assert.equal((await send(port, '/chunked')).body.toString(), 'abc');
    });

    test('a source that always has a piece lets the event loop go on', async () => {
      const port = await serve((exchange) => {
        if (exchange.request.path === '/other') exchange.respond(200, [], 'served');
        else exchange.respondStream(200, [], repeat('x', Number.POSITIVE_INFINITY));
      });
      const greedy = new RawClient(port);
      await greedy.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await greedy.waitFor((received) => received.length > 0);
      greedy.socket.pause();
      assert.equal((await send(port, '/other')).body.toString(), 'served');
      greedy.destroy();
    });

    for (const framing of ['sized', 'chunked'] as const) {
      for (const fault of ['throws', 'rejects'] as const) {
        test(`a source that ${fault} breaks a ${framing} response without a clean end`, async () => {
          let closed = 0;
          const port = await serve((exchange) => {
            let reads = 0;
            const source: ResponseSource = {
              read: () => {
                if (reads++ === 0) return Buffer.alloc(100_000);
                if (fault === 'throws') throw new Error('gone');
                return Promise.reject(new Error('gone'));
              },
              close: () => closed++,
            };
            exchange.respondStream(200, [], source, framing === 'sized' ? 200_000 : undefined);
          });
          const outcome = await send(port, '/').catch(() => undefined);
          assert.notEqual(outcome?.isComplete, true);
          await until(() => closed > 0, 'close of the source');
          assert.equal(closed, 1);
        });
      }
    }

    test('a source that gives too little or too much breaks the response', async () => {
      const port = await serve((exchange) => {
        const length = exchange.request.path === '/little' ? 11 : 9;
        exchange.respondStream(200, [], repeat('xxxxx', 2), length);
      });
      for (const path of ['/little', '/much']) {
        const outcome = await send(port, path).catch(() => undefined);
        assert.notEqual(outcome?.isComplete, true, path);
      }
    });

    test('a client that goes in the middle of its body aborts the exchange once', async () => {
      let aborts = 0;
      let ends = 0;
      let exchangeSeen: HttpExchange | undefined;
      const port = await serve((exchange) => {
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

    test('a client that goes in the middle of the response closes the source once', async () => {
      let aborts = 0;
      let closed = 0;
      const port = await serve((exchange) => {
        exchange.onAborted(() => aborts++);
        const piece = Buffer.alloc(256 * 1024);
        exchange.respondStream(200, [], { read: () => piece, close: () => closed++ });
      });
      const client = new RawClient(port);
      await client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await client.waitFor((received) => received.length > 0);
      client.destroy();
      await until(() => closed > 0 && aborts > 0, 'the end of the source');
      await delay(20);
      assert.deepEqual([aborts, closed], [1, 1]);
    });

    test('an answer before the body was read reaches the client, and the connection goes on', async () => {
      const port = await serve((exchange) => {
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
      const port = await serve((exchange) => {
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

    test('one connection serves many requests', async () => {
      const port = await serve((exchange) => {
        if (exchange.request.method === 'POST') echoDigest(exchange);
        else setImmediate(() => exchange.respond(200, [], exchange.request.path));
      });
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      const body = patternBytes(100_000);
      for (let i = 0; i < 20; i++) {
        assert.equal((await send(port, `/${i}`, { agent })).body.toString(), `/${i}`);
        const posted = await send(port, '/', { agent, method: 'POST', body });
        assert.equal(posted.body.toString(), digest(body));
      }
      assert.equal(Object.values(agent.freeSockets).flat().length, 1);
      agent.destroy();
    });

    test('pipelined requests get answers in order, or a closed connection, never mixed ones', async () => {
      const port = await serve((exchange) => {
        const delayMs = exchange.request.path === '/slow' ? 30 : 0;
        setTimeout(() => exchange.respond(200, [], `[${exchange.request.path}]`), delayMs);
      });
      const client = new RawClient(port);
      await client.write(
        'GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /fast HTTP/1.1\r\nHost: a\r\n\r\n',
      );
      const received = await client.waitFor((text) => text.includes('[/fast]'));
      const bodies = received.match(/\[[^\]]*\]/g) ?? [];
      assert.deepEqual(bodies, ['[/slow]', '[/fast]'].slice(0, bodies.length));
      client.destroy();
    });

    test('a request head beyond the limit gets 431', async () => {
      const port = await serve((exchange) => exchange.respond(200, []));
      const headers = { 'x-large': 'a'.repeat(20_000) };
      assert.equal((await send(port, '/', { headers })).status, 200);
      const client = new RawClient(port);
      await client.write(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`);
      assert.match(await client.waitForClose(), /^HTTP\/1\.1 431 /);
    });

    test('a client that stalls for the whole window is cut off', async () => {
      const slowClients = { stallTimeoutMs: 200, minimumBodyBytesPerSecond: 0 };
      let aborts = 0;
      const port = await serve(
        (exchange) => {
          exchange.onAborted(() => aborts++);
          if (exchange.request.method === 'POST') echoDigest(exchange);
          else
            exchange.respondStream(200, [], repeat('x'.repeat(100_000), Number.POSITIVE_INFINITY));
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
      const port = await serve(
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

    test('an address that is taken is refused', async () => {
      const port = await serve((exchange) => exchange.respond(200, []));
      const second = await create({ handler: () => undefined });
      await assert.rejects(second.listen('127.0.0.1', port));
      await second.close(0);
    });

    test('close lets an exchange end and refuses new connections', async () => {
      let answer: (() => void) | undefined;
      const transport = await create({
        handler: (exchange) => {
          answer = () => exchange.respond(200, [], 'in time');
        },
      });
      const port = await transport.listen('127.0.0.1', 0);
      const response = send(port, '/');
      await until(() => answer !== undefined, 'the exchange');
      const closed = transport.close(5_000);
      await assert.rejects(send(port, '/'));
      answer!();
      const { body, headers } = await response;
      assert.equal(body.toString(), 'in time');
      assert.equal(headers.connection, 'close');
      await closed;
    });

    test('close breaks what has not ended when the grace is over', async () => {
      let aborts = 0;
      const transport = await create({ handler: (exchange) => exchange.onAborted(() => aborts++) });
      const port = await transport.listen('127.0.0.1', 0);
      const refused = assert.rejects(send(port, '/'));
      await delay(50);
      await transport.close(20);
      await refused;
      await until(() => aborts === 1, 'the abort');
    });
  });
}

/** Answers with the digest of the request body. */
function echoDigest(exchange: HttpExchange): void {
  const hash = createHash('sha256');
  exchange.receiveBody({
    onChunk: (chunk) => hash.update(chunk),
    onEnd: () => exchange.respond(200, [], hash.digest('hex')),
  });
}

type Serve = (handler: HttpHandler) => Promise<number>;

/** Streams 24 MB from one buffer that is overwritten for each piece, so that a piece replaced too early is seen. */
async function slowRead(serve: Serve, isSized: boolean): Promise<void> {
  const pieceBytes = 700_001;
  const pieceCount = 34;
  const whole = patternBytes(pieceBytes * pieceCount);
  let reads = 0;
  let closed = 0;
  const port = await serve((exchange) => {
    const buffer = new Uint8Array(pieceBytes);
    const source: ResponseSource = {
      read: () => {
        if (reads === pieceCount) return null;
        buffer.set(whole.subarray(reads * pieceBytes, ++reads * pieceBytes));
        return reads % 2 === 0 ? buffer : Promise.resolve(buffer);
      },
      close: () => closed++,
    };
    exchange.respondStream(200, [], source, isSized ? whole.length : undefined);
  });
  const response = await slowlyRead(port, '/', () => {
    // The socket buffers of both ends hold some megabytes; a transport that reads on regardless would be at the end.
    assert.ok(reads < pieceCount, `${reads} pieces were read while the client read nothing`);
  });
  assert.equal(response.contentLength, isSized ? String(whole.length) : undefined);
  assert.equal(digest(response.body), digest(whole));
  assert.equal(closed, 1);
}

/** Reads the head, rests, calls `onRested`, and reads the rest in small steps. */
function slowlyRead(
  port: number,
  path: string,
  onRested: () => void = () => undefined,
): Promise<{ body: Buffer; contentLength: string | undefined }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('error', reject);
      setTimeout(() => {
        try {
          onRested();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          bytes += chunk.length;
          if (bytes < 2_000_000) return;
          bytes = 0;
          response.pause();
          setTimeout(() => response.resume(), 5);
        });
        response.on('end', () =>
          resolve({
            body: Buffer.concat(chunks),
            contentLength: response.headers['content-length'],
          }),
        );
      }, 150);
    });
    request.on('error', reject);
    request.end();
  });
}

async function post(port: number, body: Uint8Array, isSized: boolean): Promise<string> {
  const headers = isSized
    ? { 'content-length': String(body.length) }
    : { 'transfer-encoding': 'chunked' };
  return (await send(port, '/', { method: 'POST', headers, body })).body.toString();
}

function pieces(list: readonly Uint8Array[]): ResponseSource {
  let next = 0;
  return { read: () => list[next++] ?? null, close: () => undefined };
}

function repeat(
  text: string,
  times: number,
  onClose: () => void = () => undefined,
): ResponseSource {
  let given = 0;
  const piece = Buffer.from(text);
  return { read: () => (given++ < times ? piece : null), close: onClose };
}

function patternBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i ^ (i >>> 8) ^ (i >>> 16)) & 0xff;
  return bytes;
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
