import assert from 'node:assert/strict';
import { test } from 'node:test';
import { phoneticCodes } from '#engine/query/phonetic-codes.js';

test('words that sound alike share a code', () => {
  for (const [one, other] of [
    ['smith', 'smyth'],
    ['stephen', 'steven'],
    ['catherine', 'katherine'],
  ] as const) {
    const codes = phoneticCodes(one);
    assert.ok(
      phoneticCodes(other).some((code) => codes.includes(code)),
      `${one} ${other}`,
    );
  }
});

test('short words and other scripts have none', () => {
  for (const word of ['', 'lee', 'a', '山田', 'иванов']) assert.deepEqual(phoneticCodes(word), []);
});
