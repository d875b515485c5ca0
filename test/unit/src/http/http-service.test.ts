import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { silentLogger, type Logger } from '#engine/base/logger.js';
import {
  createHttpService,
  type HttpServiceOptions,
  type RequestReport,
  type Route,
} from '#src/http/http-service.js';
import type { RequestContext } from '#src/http/request-context.js';
import { FakeExchange, settle } from '#test/helpers/fake-exchange.js';

function route(handler: Route['handler'], method = 'GET'): Route {
  return { method, template: '/studies/{study}', permission: 'read', name: 'study', handler };
}

async function serve(
  exchange: FakeExchange,
  handler: Route['handler'],
  options: Partial<HttpServiceOptions> = {},
): Promise<FakeExchange> {
  const routes = [route(handler), route(handler, 'POST')];
  const cors = { allowedOrigins: '*' } as const;
  createHttpService({ routes, cors, logger: silentLogger, ...options })(exchange);
  await settle();
  return exchange;
}

describe('HttpService', () => {
  test('gives a handler its params and query, and its answer the common headers', async () => {
    const exchange = new FakeExchange('GET', '/studies/1.2?a=b');
    await serve(exchange, (context) => {
      context.respondJson(
        200,
        { ...context.params, query: context.query },
        'application/dicom+json',
      );
    });
    assert.equal(exchange.status, 200);
    assert.deepEqual(exchange.json, { study: '1.2', query: [['a', 'b']] });
    assert.equal(exchange.headers.get('content-type'), 'application/dicom+json');
    assert.equal(exchange.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(exchange.headers.get('access-control-allow-origin'), '*');
    assert.match(exchange.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  });

  test('keeps a sane x-request-id, and no other', async () => {
    const answer = (context: RequestContext): void => context.respond(200);
    const sane = await serve(
      new FakeExchange('GET', '/studies/1', { 'x-request-id': 'abc-1' }),
      answer,
    );
    assert.equal(sane.headers.get('x-request-id'), 'abc-1');
    const odd = await serve(
      new FakeExchange('GET', '/studies/1', { 'x-request-id': 'a b\n' }),
      answer,
    );
    assert.notEqual(odd.headers.get('x-request-id'), 'a b\n');
  });

  test('answers what handlers throw, at once or later, with CORS headers', async () => {
    const faults: [Route['handler'], number][] = [
      [
        () => {
          throw new GantryError('gone');
        },
        410,
      ],
      [
        () => {
          throw new TypeError('secret');
        },
        500,
      ],
      [() => Promise.reject(new GantryError('out-of-resources')), 503],
      [
        (context) => {
          void context.query;
        },
        400,
      ],
    ];
    for (const [handler, status] of faults) {
      const exchange = await serve(new FakeExchange('GET', '/studies/1?x=%'), handler);
      assert.equal(exchange.status, status);
      assert.equal(exchange.headers.get('content-type'), 'application/problem+json');
      assert.equal(exchange.headers.get('access-control-allow-origin'), '*');
      assert.doesNotMatch(exchange.body, /secret/);
    }
  });

  test('an error after the answer is logged, not answered again', async () => {
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => lines.push(message) };
    const exchange = await serve(
      new FakeExchange('GET', '/studies/1'),
      (context) => {
        context.respond(200);
        throw new GantryError('bad-request');
      },
      { logger },
    );
    assert.equal(exchange.status, 200);
    assert.deepEqual(lines, ['error after the answer']);
  });

  test('404, 405 with Allow, 400 for hostile paths, 414, 415 for compressed bodies', async () => {
    const rows: [FakeExchange, number][] = [
      [new FakeExchange('GET', '/nothing'), 404],
      [new FakeExchange('DELETE', '/studies/1'), 405],
      [new FakeExchange('GET', '/studies/%2e%2e'), 400],
      [new FakeExchange('GET', `/studies/1?${'x'.repeat(17_000)}`), 414],
      [new FakeExchange('POST', '/studies/1', { 'content-encoding': 'gzip' }), 415],
    ];
    for (const [exchange, status] of rows) {
      await serve(exchange, () => assert.fail('no handler is called'));
      assert.equal(exchange.status, status);
      assert.equal((exchange.json as { status: number }).status, status);
    }
    assert.equal(rows[1]![0].headers.get('allow'), 'GET, POST, HEAD, OPTIONS');
  });

  test('OPTIONS is 204 for every path, without authorization', async () => {
    for (const [path, allow] of [
      ['/studies/1', 'GET, POST, HEAD, OPTIONS'],
      ['/nothing', undefined],
    ] as const) {
      const exchange = await serve(new FakeExchange('OPTIONS', path), () => assert.fail(), {
        authorize: () => 'unauthenticated',
      });
      assert.equal(exchange.status, 204);
      assert.equal(exchange.headers.get('allow'), allow);
      assert.equal(exchange.headers.get('access-control-max-age'), '86400');
    }
  });

  test('asks for permission, at once or later; an authorizer that fails permits nothing', async () => {
    const authorizers: [HttpServiceOptions['authorize'], number][] = [
      [() => 'allowed', 200],
      [async () => Promise.resolve('allowed'), 200],
      [() => 'unauthenticated', 401],
      [async () => Promise.resolve('forbidden'), 403],
      [
        () => {
          throw new Error('down');
        },
        500,
      ],
      [() => Promise.reject(new Error('down')), 500],
    ];
    for (const [authorize, status] of authorizers) {
      const exchange = new FakeExchange('GET', '/studies/1');
      await serve(exchange, (context) => context.respond(200), { authorize: authorize! });
      assert.equal(exchange.status, status);
    }
    let asked: unknown;
    await serve(new FakeExchange('GET', '/studies/1'), (context) => context.respond(200), {
      authorize: (request, permission, params) => {
        asked = [request.path, permission, params];
        return 'allowed';
      },
    });
    assert.deepEqual(asked, ['/studies/1', 'read', { study: '1' }]);
  });

  test('reports every request once, when its answer has ended', async () => {
    const reports: RequestReport[] = [];
    const onRequest = (report: RequestReport): void => void reports.push(report);
    const outcome = (): unknown[] => reports.splice(0).map((r) => [r.name, r.method, r.status]);

    await serve(new FakeExchange('GET', '/studies/1'), (context) => context.respond(204), {
      onRequest,
    });
    assert.deepEqual(outcome(), [['study', 'GET', 204]]);
    await serve(new FakeExchange('GET', '/nothing'), () => undefined, { onRequest });
    assert.deepEqual(outcome(), [['unmatched', 'GET', 404]]);

    const source = { read: () => null, close: () => undefined };
    const streamed = new FakeExchange('GET', '/studies/1');
    await serve(streamed, (context) => context.respondStream(206, [], source), { onRequest });
    assert.deepEqual(outcome(), []);
    streamed.source?.close();
    streamed.abort();
    assert.deepEqual(outcome(), [['study', 'GET', 206]]);

    const gone = await serve(new FakeExchange('GET', '/studies/1'), () => undefined, { onRequest });
    gone.abort();
    assert.deepEqual(outcome(), [['study', 'GET', 499]]);
  });

  test('logs no path, no query and no parameter but UIDs', async () => {
    let text = '';
    const write = (fields: object, message: string): void => {
      text += JSON.stringify(fields) + message;
    };
    const logger: Logger = { debug: write, info: write, warn: write, error: write };
    for (const path of ['/studies/DOE%5EJOHN?PatientID=PAT-7', '/studies/1.2.3', '/DOE']) {
      await serve(new FakeExchange('GET', path), (context) => context.respond(200), { logger });
    }
    assert.doesNotMatch(text, /DOE|PAT-7|PatientID/);
    assert.match(text, /"study":"1\.2\.3"/);
  });

  test('what a body receiver throws is answered, and ends the delivery', async () => {
    let chunks = 0;
    const exchange = new FakeExchange('POST', '/studies/1');
    await serve(exchange, (context) => {
      context.receiveBody({
        onChunk: () => {
          chunks++;
          throw new GantryError('bad-request', 'no boundary');
        },
        onEnd: () => assert.fail(),
      });
    });
    exchange.receiver?.onChunk(Buffer.from('a'));
    exchange.receiver?.onChunk(Buffer.from('b'));
    exchange.receiver?.onEnd();
    assert.equal(exchange.status, 400);
    assert.equal(chunks, 1);
  });

  test('readBody gathers a body up to its limit', async () => {
    const handler = async (context: RequestContext): Promise<void> => {
      context.respond(200, [], await context.readBody(5));
    };
    const fits = await serve(new FakeExchange('POST', '/studies/1'), handler);
    for (const text of ['ab', 'cde']) fits.receiver?.onChunk(Buffer.from(text));
    fits.receiver?.onEnd();
    await settle();
    assert.equal(fits.body, 'abcde');

    const tooLarge = await serve(new FakeExchange('POST', '/studies/1'), handler);
    tooLarge.receiver?.onChunk(Buffer.alloc(6));
    await settle();
    assert.equal(tooLarge.status, 413);

    const gone = await serve(new FakeExchange('POST', '/studies/1'), handler);
    gone.abort();
    await settle();
    assert.equal(gone.isAnswered, false);
  });

  test('an error of a source is logged and breaks the answer', async () => {
    const lines: string[] = [];
    const logger: Logger = { ...silentLogger, error: (_fields, message) => lines.push(message) };
    for (const read of [
      () => {
        throw new GantryError('corrupt');
      },
      () => Promise.reject(new GantryError('corrupt')),
    ]) {
      const exchange = await serve(
        new FakeExchange('GET', '/studies/1'),
        (context) => {
          context.respondStream(200, [], { read, close: () => undefined });
        },
        { logger },
      );
      await assert.rejects(async () => exchange.source?.read(), { code: 'corrupt' });
    }
    assert.deepEqual(lines, ['response broken off', 'response broken off']);
  });
});
