import assert from 'node:assert/strict';
import { test } from 'node:test';

import fc from 'fast-check';

import { type HttpResponse, HttpResponseReader } from '#bench/harness/http-response-reader.js';

const BODY = 'a body\r\n\r\nwith line ends \r\n0\r\n inside';

const RESPONSES: Readonly<Record<string, string>> = {
  'fixed length': `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`,
  chunked: `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n${BODY.slice(0, 5)}\r\n${(BODY.length - 5).toString(16)};x=1\r\n${BODY.slice(5)}\r\n0\r\nX-Trailer: 1\r\n\r\n`,
  'until the end': `HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${BODY}`,
};

for (const [kind, text] of Object.entries(RESPONSES))
  test(`a response of ${kind} is the same however its bytes are cut`, () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(text.length), { maxLength: 8 }),
        fc.boolean(),
        (cuts, keepBody) => {
          const response = readInPieces(text, cuts, keepBody);
          assert.equal(response?.status, 200);
          assert.equal(response.bodyBytes, BODY.length);
          assert.equal(response.body.toString(), keepBody ? BODY : '');
        },
      ),
    );
  });

test('no body follows 204 and a zero length', () => {
  const reader = new HttpResponseReader();
  reader.expect(true);
  assert.equal(reader.push(Buffer.from('HTTP/1.1 204 No Content\r\n\r\n'))?.bodyBytes, 0);
  reader.expect(true);
  const empty = reader.push(Buffer.from('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n'));
  assert.equal(empty?.status, 404);
});

test('what is no response is an error', () => {
  const reader = new HttpResponseReader();
  reader.expect(true);
  assert.throws(() => reader.push(Buffer.from('SSH-2.0-x\r\n\r\n')), /no HTTP/);
});

function readInPieces(
  text: string,
  cuts: readonly number[],
  keepBody: boolean,
): HttpResponse | undefined {
  const reader = new HttpResponseReader();
  reader.expect(keepBody);
  const bytes = Buffer.from(text, 'latin1');
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let piece = 1; piece < edges.length; piece++) {
    const response = reader.push(bytes.subarray(edges[piece - 1], edges[piece]));
    if (response !== undefined) return response;
  }
  return reader.end();
}
