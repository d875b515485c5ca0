import assert from 'node:assert/strict';
import { test } from 'node:test';
import { singlePieceSource } from '#engine/transport/single-piece-source.js';

test('gives its piece once, the very same, and nothing after close', () => {
  const piece = Uint8Array.of(1, 2);
  const source = singlePieceSource(piece);
  assert.equal(source.read(), piece);
  assert.equal(source.read(), null);
  const closed = singlePieceSource(piece);
  closed.close();
  assert.equal(closed.read(), null);
});
