import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseContentEncoding } from '#src/http/content-encoding.js';

const cases: readonly (readonly [header: string | undefined, encoding: string])[] = [
  [undefined, 'identity'],
  ['', 'identity'],
  ['identity', 'identity'],
  ['deflate', 'identity'],
  ['gzip', 'gzip'],
  ['GZIP', 'gzip'],
  ['x-gzip', 'gzip'],
  ['br', 'br'],
  ['gzip, deflate, br', 'gzip'],
  ['br;q=1.0, gzip;q=0.8, *;q=0.1', 'br'],
  ['gzip;q=0, br', 'br'],
  ['gzip;q=0', 'identity'],
  ['*', 'gzip'],
  ['*;q=0', 'identity'],
  ['gzip;q=0, *', 'identity'],
  ['gzip;q=x', 'identity'],
  ['br ; q=0.5 , gzip ; q=0.4', 'br'],
  [';;,,=;q', 'identity'],
];

for (const [header, encoding] of cases) {
  test(`RFC 9110 §12.5.3: Accept-Encoding ${header ?? 'missing'} is answered with ${encoding}`, () => {
    assert.equal(chooseContentEncoding(header), encoding);
  });
}
