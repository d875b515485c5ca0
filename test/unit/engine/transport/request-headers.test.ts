import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestHeaders } from '#engine/transport/request-headers.js';

function headers(...pairs: [string, string][]): RequestHeaders {
  const list = new RequestHeaders();
  for (const [name, value] of pairs) list.add(name, value);
  return list;
}

test('repeated headers are joined in order', () => {
  const list = headers(['accept', 'a/b'], ['host', 'x'], ['accept', 'c/d']);
  assert.equal(list.get('accept'), 'a/b, c/d');
  assert.equal(list.get('host'), 'x');
  assert.equal(list.get('a/b'), undefined);
});

test('RFC 9112 §6.3: a body is announced by a length or a transfer coding', () => {
  assert.equal(headers().announcesBody, false);
  assert.equal(headers(['content-length', '0']).announcesBody, false);
  assert.equal(headers(['content-length', '1']).announcesBody, true);
  assert.equal(headers(['transfer-encoding', 'chunked']).announcesBody, true);
});
