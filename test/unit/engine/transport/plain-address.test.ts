import assert from 'node:assert/strict';
import { test } from 'node:test';
import { plainAddress } from '#engine/transport/plain-address.js';

test('RFC 5952 an address is as people write it', () => {
  for (const [given, plain] of [
    ['10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['0000:0000:0000:0000:0000:ffff:0a00:0001', '10.0.0.1'],
    ['0000:0000:0000:0000:0000:0000:0000:0001', '::1'],
    ['2001:0db8:0000:0000:0000:0000:0000:0010', '2001:db8::10'],
    ['2001:db8::10', '2001:db8::10'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['', ''],
  ] as const) {
    assert.equal(plainAddress(given), plain);
  }
});
