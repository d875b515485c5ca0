import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LruCache } from '#engine/base/lru-cache.js';

test('the entry used longest ago goes first', () => {
  const evicted: number[] = [];
  const cache = new LruCache<string, number>(2, (value) => evicted.push(value));
  cache.set('a', 1);
  cache.set('b', 2);
  assert.equal(cache.get('a'), 1);
  cache.set('c', 3);
  assert.deepEqual(evicted, [2]);
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [1, undefined, 3]);
});

test('weights count, and the newest entry stays even when it is too heavy alone', () => {
  const cache = new LruCache<string, string>(10);
  cache.set('a', 'x', 4);
  cache.set('b', 'y', 4);
  cache.set('c', 'z', 12);
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [undefined, undefined, 'z']);
  cache.set('c', 'w', 1);
  cache.set('d', 'v', 9);
  assert.deepEqual([cache.get('c'), cache.get('d')], ['w', 'v']);
  cache.clear();
  assert.equal(cache.get('d'), undefined);
});
