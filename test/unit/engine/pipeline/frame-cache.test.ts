import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecycledMemory } from '#engine/base/recycled-memory.js';
import { FrameCache } from '#engine/pipeline/frame-cache.js';
import { lentFrameSource } from '#engine/pipeline/lent-frame-source.js';

const frameBytes = 100 * 1024;

/** A cache of so many frames, and how one is made: of one value, in memory that may have been another's. */
function cacheOf(frames: number): {
  readonly cache: FrameCache;
  readonly memory: RecycledMemory;
  readonly made: string[];
  readonly make: (key: string) => () => Promise<Uint8Array>;
} {
  const memory = new RecycledMemory(10 * frameBytes);
  const made: string[] = [];
  const make = (key: string) => () => {
    made.push(key);
    const bytes = new Uint8Array(memory.take(frameBytes), 0, frameBytes);
    return Promise.resolve(bytes.fill(key.charCodeAt(0)));
  };
  return { cache: new FrameCache(frames * frameBytes, memory), memory, made, make };
}

const isOf = (bytes: Uint8Array, key: string): boolean =>
  bytes.every((value) => value === key.charCodeAt(0));

describe('the frame cache', () => {
  test('lends the memory of a frame on when it has left the cache and its last reader is done', async () => {
    const { cache, memory, make } = cacheOf(1);
    const [one, other] = await Promise.all([
      cache.lend('a', make('a')),
      cache.lend('a', make('a')),
    ]);
    (await cache.lend('b', make('b'))).giveBack();
    assert.equal(memory.keptBytes, 0, 'a has readers, b is cached');
    one.giveBack();
    one.giveBack();
    assert.equal(memory.keptBytes, 0, 'the other still reads a, however often one is done');
    assert.ok(isOf(other.bytes, 'a'));
    other.giveBack();
    assert.equal(memory.keptBytes, frameBytes);
    const third = await cache.lend('c', make('c'));
    assert.equal(third.bytes.buffer, other.bytes.buffer);
  });

  test('what was given away stays as it is', async () => {
    const { cache, memory, make } = cacheOf(1);
    const mine = await cache.give('a', make('a'));
    (await cache.lend('a', make('a'))).giveBack();
    for (const key of ['b', 'c', 'd']) (await cache.lend(key, make(key))).giveBack();
    assert.ok(isOf(mine, 'a'));
    assert.ok(memory.keptBytes <= frameBytes);
  });

  test('frames of any number of readers, that come and go, never mix', async () => {
    const { cache, make } = cacheOf(3);
    let state = 7;
    const next = (below: number): number =>
      (state = (Math.imul(state, 1103515245) + 12345) >>> 0) % below;
    const held: { readonly key: string; readonly bytes: Uint8Array; giveBack(): void }[] = [];
    for (let step = 0; step < 400; step++) {
      const key = String.fromCharCode(97 + next(8));
      const asked = [1, 2].map(() => cache.lend(key, make(key)));
      for (const lent of await Promise.all(asked)) held.push({ key, ...lent });
      while (held.length > next(12)) {
        const [{ key: of, bytes, giveBack }] = held.splice(next(held.length), 1) as [
          (typeof held)[0],
        ];
        assert.ok(isOf(bytes, of), `frame ${of} at step ${step}`);
        giveBack();
      }
    }
  });

  test('who asks for what is being made waits for it; a failure is not kept', async () => {
    const { cache, made, make } = cacheOf(2);
    const failing = (): Promise<Uint8Array> => Promise.reject(new Error('unread'));
    const failed = await Promise.allSettled([cache.lend('a', failing), cache.lend('a', make('a'))]);
    assert.deepEqual(
      failed.map(({ status }) => status),
      ['rejected', 'rejected'],
    );
    await Promise.all([1, 2, 3].map(() => cache.lend('a', make('a'))));
    await cache.lend('a', make('a'));
    assert.deepEqual(made, ['a']);
    assert.equal(cache.cachedCount, 1);
  });

  test('a source gives its frame back at the end, and has it lent again when it is read again', async () => {
    const { cache, memory, made, make } = cacheOf(0);
    const lend = () => cache.lend('a', make('a'));
    const source = lentFrameSource(await lend(), lend);
    const half = new Uint8Array(frameBytes / 2);
    assert.equal(source.read(0, half), half.length);
    assert.equal(memory.keptBytes, 0);
    assert.equal(source.read(half.length, half), half.length);
    assert.equal(memory.keptBytes, frameBytes);
    assert.equal(source.read(frameBytes, half), 0);
    assert.ok(isOf(half, 'a'));
    (await cache.lend('b', make('b'))).giveBack();
    assert.equal(await source.read(0, half), half.length);
    assert.ok(isOf(half, 'a'));
    assert.deepEqual(made, ['a', 'b', 'a']);
  });
});
