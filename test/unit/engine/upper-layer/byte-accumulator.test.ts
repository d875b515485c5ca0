import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteAccumulator } from '#engine/upper-layer/byte-accumulator.js';

test('pieces come out as one, and taking starts anew', () => {
  const accumulator = new ByteAccumulator();
  const pieces = Array.from({ length: 100 }, (_, index) => Buffer.alloc(index, index));
  for (const piece of pieces) accumulator.append(piece);
  const whole = Buffer.concat(pieces);
  assert.equal(accumulator.length, whole.length);
  assert.deepEqual(accumulator.take(), whole);
  assert.equal(accumulator.length, 0);
  accumulator.append(Buffer.from('x'));
  assert.deepEqual(accumulator.take(), Buffer.from('x'));
});

test('what was appended may change afterwards', () => {
  const accumulator = new ByteAccumulator();
  const chunk = Buffer.from('abc');
  accumulator.append(chunk);
  chunk.fill(0);
  assert.equal(accumulator.take().toString(), 'abc');
});
