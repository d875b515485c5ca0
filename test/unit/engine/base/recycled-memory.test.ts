import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RecycledMemory } from '#engine/base/recycled-memory.js';

const kib = 1024;

describe('recycled memory', () => {
  test('comes back for what fits it, and not for what leaves much of it unused', () => {
    const memory = new RecycledMemory(1024 * kib);
    const buffer = memory.take(500 * kib);
    memory.giveBack(buffer);
    assert.equal(memory.keptBytes, 500 * kib);
    assert.notEqual(memory.take(501 * kib), buffer);
    assert.notEqual(memory.take(300 * kib), buffer);
    assert.equal(memory.take(450 * kib), buffer);
    assert.equal(memory.keptBytes, 0);
    assert.notEqual(memory.take(450 * kib), buffer, 'it is lent once');
  });

  test('is kept up to a bound: what lay there longest goes', () => {
    const memory = new RecycledMemory(300 * kib);
    const [first, second, third] = [100, 100, 150].map((n) => memory.take(n * kib));
    for (const buffer of [first!, second!, third!]) memory.giveBack(buffer);
    assert.equal(memory.keptBytes, 250 * kib);
    assert.equal(memory.take(100 * kib), second);
    memory.giveBack(new ArrayBuffer(301 * kib));
    assert.equal(memory.keptBytes, 150 * kib, 'what is beyond the bound alone is not kept');
  });

  test('is no part of a pool of Node.js, no shared memory, and nothing that was moved away', () => {
    const memory = new RecycledMemory(1024 * kib);
    memory.giveBack(Buffer.from('a part of a pool').buffer);
    memory.giveBack(new SharedArrayBuffer(100 * kib));
    const moved = memory.take(100 * kib);
    structuredClone(moved, { transfer: [moved] });
    memory.giveBack(moved);
    assert.equal(memory.keptBytes, 0);
  });
});
