import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { test } from 'node:test';
import type { ResponseSource } from '#engine/transport/http-transport.js';
import { RawClient, send } from '#test/helpers/http-client.js';
import { delay, until } from '#test/helpers/wait.js';
import { digest, patternBytes, pieces, repeat, type TransportBed } from './transport-bed.js';

/** Answers from a source or whole: back-pressure, faults, clients that go. */
export function responsesContract(bed: TransportBed): void {
  test('a large sized response to a slow reader: one piece in memory, every byte right', async () => {
    await slowRead(bed, true);
  });

  test('a large chunked response to a slow reader: one piece in memory, every byte right', async () => {
    await slowRead(bed, false);
  });

  test('a large complete body is not cut by a slow reader or by close', async () => {
    const body = patternBytes(20_000_000);
    let onAsked = (): void => undefined;
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    const transport = await bed.create({
      handler: (exchange) => {
        exchange.respond(200, [], body);
        onAsked();
      },
    });
    const port = await transport.listen('127.0.0.1', 0);
    const answer = slowlyRead(port, '/');
    await asked;
    await transport.close(20_000);
    assert.equal(digest((await answer).body), digest(body));
  });

  test('sends views of shared memory', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(300_000), 1000, 250_000);
    shared.set(patternBytes(250_000));
    const port = await bed.serve((exchange) => {
      if (exchange.request.path === '/whole') exchange.respond(200, [], shared);
      else exchange.respondStream(200, [], pieces([shared, shared]));
    });
    assert.equal(digest((await send(port, '/whole')).body), digest(shared));
    const streamed = await send(port, '/streamed');
    assert.equal(streamed.headers['transfer-encoding'], 'chunked');
    assert.equal(digest(streamed.body), digest(Buffer.concat([shared, shared])));
  });

  test('a source may be asynchronous, and may give empty pieces', async () => {
    const port = await bed.serve((exchange) => {
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
    const port = await bed.serve((exchange) => {
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
        const port = await bed.serve((exchange) => {
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
    const port = await bed.serve((exchange) => {
      const length = exchange.request.path === '/little' ? 11 : 9;
      exchange.respondStream(200, [], repeat('xxxxx', 2), length);
    });
    for (const path of ['/little', '/much']) {
      const outcome = await send(port, path).catch(() => undefined);
      assert.notEqual(outcome?.isComplete, true, path);
    }
  });

  test('a client that goes in the middle of the response closes the source once', async () => {
    let aborts = 0;
    let closed = 0;
    const port = await bed.serve((exchange) => {
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
}

/** Streams 24 MB from one buffer that is overwritten for each piece, so that a piece replaced too early is seen. */
async function slowRead(bed: TransportBed, isSized: boolean): Promise<void> {
  const pieceBytes = 700_001;
  const pieceCount = 34;
  const whole = patternBytes(pieceBytes * pieceCount);
  let reads = 0;
  let closed = 0;
  const port = await bed.serve((exchange) => {
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
