import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import { networkInterfaces } from 'node:os';
import { test } from 'node:test';
import type { HttpExchange } from '#engine/transport/http-transport.js';
import { RawClient, send } from '#test/helpers/http-client.js';
import { digest, echoDigest, patternBytes, repeat, type TransportBed } from './transport-bed.js';

function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((list) =>
    list?.some(({ address }) => address === '::1'),
  );
}

/** Heads, framing of answers, and connections. */
export function messagesContract(bed: TransportBed): void {
  test('gives method, path, query and headers as they were sent', async () => {
    let seen: HttpExchange['request'] | undefined;
    const port = await bed.serve((exchange) => {
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

  const noIpv6 = hasIpv6() ? false : 'this machine has no IPv6';
  test(
    'the address of a client is as people write it, of either family',
    { skip: noIpv6 },
    async () => {
      const port = await bed.serve(
        (exchange) => exchange.respond(200, [], exchange.request.remoteAddress),
        {},
        '::',
      );
      for (const address of ['127.0.0.1', '::1']) {
        const seen = await fetch(
          `http://${address.includes(':') ? `[${address}]` : address}:${port}/`,
        );
        assert.equal(await seen.text(), address);
      }
    },
  );

  test('answers with status, headers and a sized body', async () => {
    const port = await bed.serve((exchange) => {
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

  test('a header that would break out of its line is a programmer error, and answers nothing', async () => {
    const port = await bed.serve((exchange) => {
      for (const header of [
        ['x', 'a\r\nset-cookie: b'],
        ['x\r\ny', 'a'],
        ['x', '\u0101'],
      ] as const) {
        assert.throws(() => exchange.respond(200, [header]), /assertion failed/);
      }
      exchange.respond(204, []);
    });
    assert.equal((await send(port, '/')).status, 204);
  });

  test('answers after the handler has returned', async () => {
    const port = await bed.serve((exchange) => {
      setImmediate(() => exchange.respond(200, [], 'later'));
    });
    assert.equal((await send(port, '/')).body.toString(), 'later');
  });

  test('204 and 304 have neither body nor length; an empty 200 has length 0', async () => {
    const port = await bed.serve((exchange) =>
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
    const port = await bed.serve((exchange) => {
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

  test('one connection serves many requests', async () => {
    const port = await bed.serve((exchange) => {
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
    const port = await bed.serve((exchange) => {
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
    const port = await bed.serve((exchange) => exchange.respond(200, []));
    const headers = { 'x-large': 'a'.repeat(20_000) };
    assert.equal((await send(port, '/', { headers })).status, 200);
    const client = new RawClient(port);
    await client.write(`GET / HTTP/1.1\r\nHost: a\r\nX: ${'a'.repeat(100_000)}\r\n\r\n`);
    assert.match(await client.waitForClose(), /^HTTP\/1\.1 431 /);
  });
}
