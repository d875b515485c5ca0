import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { silentLogger } from '#engine/base/logger.js';
import { mediaTypeParameter, parseMediaType } from '#engine/multipart/media-type.js';
import { MultipartRelatedReader } from '#engine/multipart/multipart-related-reader.js';
import { MultipartRelatedWriter } from '#engine/multipart/multipart-related-writer.js';
import { createNodeHttpTransport } from '#engine/transport/node-http-transport.js';
import { createUwsHttpTransport } from '#engine/transport/uws-http-transport.js';
import { createHttpService, type Route } from '#src/http/http-service.js';
import type { RequestContext } from '#src/http/request-context.js';
import { send } from '#test/helpers/http-client.js';

const routes: readonly Route[] = [
  {
    method: 'POST',
    template: '/studies',
    permission: 'store',
    name: 'store',
    handler: digestParts,
  },
  {
    method: 'GET',
    template: '/studies/{study}',
    permission: 'read',
    name: 'study',
    handler: failLater,
  },
];

for (const [name, create] of [
  ['uWebSockets.js', createUwsHttpTransport],
  ['node:http', createNodeHttpTransport],
] as const) {
  describe(`HTTP service on ${name}`, () => {
    async function withService(use: (port: number) => Promise<void>): Promise<void> {
      const handler = createHttpService({
        routes,
        cors: { allowedOrigins: ['https://viewer.example'] },
        logger: silentLogger,
        authorize: async (request) => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return request.header('authorization') === undefined ? 'unauthenticated' : 'allowed';
        },
      });
      const transport = await create({ handler });
      try {
        await use(await transport.listen('127.0.0.1', 0));
      } finally {
        await transport.close(0);
      }
    }

    const authorization = 'Bearer x';

    test('PS3.18 §10.5: a chunked multipart body is split into its parts after a late decision', () =>
      withService(async (port) => {
        const writer = new MultipartRelatedWriter('test', 'application/dicom');
        const payloads = [Buffer.alloc(300_000, 1), Buffer.alloc(0), Buffer.alloc(700_000, 2)];
        const body = Buffer.concat([
          ...payloads.flatMap((bytes, i) => [writer.partHead(i, 'application/dicom'), bytes]),
          writer.end,
        ]);
        const response = await send(port, '/studies', {
          method: 'POST',
          headers: {
            authorization,
            'content-type': writer.contentType,
            'transfer-encoding': 'chunked',
          },
          body,
        });
        assert.equal(response.status, 200);
        assert.equal(response.headers['content-type'], 'application/dicom+json');
        const digests = payloads.map((bytes) => createHash('sha256').update(bytes).digest('hex'));
        assert.deepEqual(JSON.parse(response.body.toString()), digests);
      }));

    test('a truncated multipart body is a 400 problem', () =>
      withService(async (port) => {
        const headers = {
          authorization,
          'content-type': 'multipart/related; type=application/dicom; boundary=b',
        };
        const body = '--b\r\n\r\nabc';
        const response = await send(port, '/studies', { method: 'POST', headers, body });
        assert.equal(response.status, 400);
        assert.match(response.body.toString(), /no final boundary/);
      }));

    test('a large body without credentials gets its 401, with CORS headers', () =>
      withService(async (port) => {
        const response = await send(port, '/studies', {
          method: 'POST',
          headers: { origin: 'https://viewer.example' },
          body: new Uint8Array(5_000_000),
        });
        assert.equal(response.status, 401);
        assert.equal(response.headers['access-control-allow-origin'], 'https://viewer.example');
        assert.equal(response.headers.vary, 'Origin');
      }));

    test('preflight, 404 and 500 carry CORS headers', () =>
      withService(async (port) => {
        const headers = { authorization, origin: 'https://viewer.example' };
        const rows = [
          ['OPTIONS', '/studies', 204],
          ['GET', '/nothing', 404],
          ['GET', '/studies/1', 500],
        ] as const;
        for (const [method, path, status] of rows) {
          const response = await send(port, path, { method, headers });
          assert.equal(response.status, status);
          assert.equal(response.headers['access-control-allow-origin'], 'https://viewer.example');
        }
      }));
  });
}

/** Answers with the digests of the parts of a multipart body. */
function digestParts(context: RequestContext): void {
  const mediaType = parseMediaType(context.header('content-type') ?? '');
  const boundary = mediaType === undefined ? undefined : mediaTypeParameter(mediaType, 'boundary');
  if (boundary === undefined) throw new GantryError('unsupported-media-type');
  const digests: string[] = [];
  let hash = createHash('sha256');
  const reader = new MultipartRelatedReader(boundary, {
    onPartBegin: () => (hash = createHash('sha256')),
    onPartData: (view) => hash.update(view),
    onPartEnd: () => digests.push(hash.digest('hex')),
  });
  context.receiveBody({
    onChunk: (chunk) => reader.push(chunk),
    onEnd: () => {
      reader.end();
      context.respondJson(200, digests, 'application/dicom+json');
    },
  });
}

async function failLater(): Promise<void> {
  await Promise.resolve();
  throw new TypeError('a bug');
}
