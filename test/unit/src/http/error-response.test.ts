import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import { errorResponse } from '#src/http/error-response.js';

test('RFC 9457: problem details with the correlation id', () => {
  const { status, headers, body } = errorResponse(
    new GantryError('bad-request', 'tag 00100010'),
    'id1',
  );
  assert.equal(status, 400);
  assert.deepEqual(headers, [['content-type', 'application/problem+json']]);
  assert.deepEqual(JSON.parse(body), {
    type: 'urn:gantry:error:bad-request',
    title: 'the request is malformed',
    status: 400,
    detail: 'tag 00100010',
    correlationId: 'id1',
  });
});

test('as plain text: the message alone', () => {
  const error = new GantryError('bad-request', 'tag 00100010');
  const { status, headers, body } = errorResponse(error, 'id1', 'text');
  assert.equal(status, 400);
  assert.deepEqual(headers, [['content-type', 'text/plain']]);
  assert.equal(body, 'the request is malformed: tag 00100010');
});

test('an unknown error tells nothing', () => {
  const { status, body } = errorResponse(toGantryError(new Error('secret')), 'id1');
  assert.equal(status, 500);
  assert.doesNotMatch(body, /secret|detail/);
});

test('Retry-After where trying again helps, a challenge where credentials do', () => {
  const headersOf = (error: GantryError): Map<string, string> =>
    new Map(errorResponse(error, '').headers);
  assert.equal(headersOf(new GantryError('out-of-resources')).get('retry-after'), '2');
  assert.equal(headersOf(new GantryError('aborted')).has('retry-after'), false);
  assert.equal(headersOf(new GantryError('unauthenticated')).get('www-authenticate'), 'Bearer');
});
