import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isUniversalPattern, matchesWildcard } from '#engine/query/wildcard.js';

test('PS3.4 §C.2.2.2.4: * is any run of characters, ? is one', () => {
  for (const [pattern, text, expected] of [
    ['*', '', true],
    ['a*', 'a', true],
    ['a*c', 'abbc', true],
    ['a*c', 'abcb', false],
    ['*b*', 'abc', true],
    ['?', '', false],
    ['?', 'a', true],
    ['?', '😀', true],
    ['*?', '😀', true],
    ['??', '😀', false],
    ['a?c', 'abc', true],
    ['a*b*c', 'aXbYbZc', true],
    ['', '', true],
    ['', 'a', false],
    ['a.c', 'abc', false],
  ] as const) {
    assert.equal(matchesWildcard(pattern, text), expected, `${pattern} on ${text}`);
  }
});

test('agrees with a regular expression', () => {
  const symbol = fc.constantFrom('*', '?', 'a', 'b', '😀');
  const characters = fc.array(fc.constantFrom('a', 'b', '😀'), { maxLength: 8 });
  fc.assert(
    fc.property(fc.array(symbol, { maxLength: 8 }), characters, (pattern, text) => {
      const source = pattern.join('').replaceAll('*', '.*').replaceAll('?', '.');
      assert.equal(
        matchesWildcard(pattern.join(''), text.join('')),
        new RegExp(`^${source}$`, 'u').test(text.join('')),
      );
    }),
  );
});

test('a pattern of many stars takes no exponential time', () => {
  assert.equal(matchesWildcard(`${'*a'.repeat(500)}b`, 'a'.repeat(10_000)), false);
});

test('a pattern of stars only is universal', () => {
  assert.deepEqual(['', '*', '**', '*a', '?'].map(isUniversalPattern), [
    true,
    true,
    true,
    false,
    false,
  ]);
});
