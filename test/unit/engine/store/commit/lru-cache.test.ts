import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LruCache } from '#engine/store/commit/lru-cache.js';

test('the entry not used for longest leaves first', () => {
  const cache = new LruCache<number>(2);
  cache.set('a', 1);
  cache.set('b', 2);
  assert.equal(cache.get('a'), 1);
  cache.set('c', 3);
  assert.equal(cache.get('b'), undefined);
  assert.equal(cache.get('a'), 1);
  cache.set('a', 4);
  assert.equal(cache.get('a'), 4);
  assert.equal(cache.get('c'), 3);
});
