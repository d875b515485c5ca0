import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TurnShare } from '#engine/transport/turn-share.js';

test('a turn is used up by many bytes, or by many pieces, until it is renewed', () => {
  const turn = new TurnShare();
  turn.use(8 * 1024 * 1024 - 1);
  assert.equal(turn.isUsedUp, false);
  turn.use(1);
  assert.equal(turn.isUsedUp, true);
  turn.renew();
  for (let i = 0; i < 63; i++) turn.use(0);
  assert.equal(turn.isUsedUp, false);
  turn.use(0);
  assert.equal(turn.isUsedUp, true);
});
