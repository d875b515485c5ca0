import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SharedTurn } from '#engine/transport/shared-turn.js';

/** A turn by a clock that moves only when the turn is used up. */
function createTurn(): { readonly turn: SharedTurn; readonly useUp: () => void } {
  let nowMs = 0;
  const turn = new SharedTurn(() => nowMs);
  const useUp = (): void => {
    while (!turn.isUsedUp) nowMs += 1;
  };
  return { turn, useUp };
}

test('a turn is used up by time, whoever takes it, and the next one begins anew', async () => {
  const { turn, useUp } = createTurn();
  assert.equal(turn.isUsedUp, false);
  useUp();
  assert.equal(turn.isUsedUp, true);
  await nextTurn();
  assert.equal(turn.isUsedUp, false);
});

test('those who wait come in their order, and no more than have room in one turn', async () => {
  const { turn, useUp } = createTurn();
  const order: string[] = [];
  const waitFor = (name: string): void => {
    turn.wait(() => {
      order.push(name);
      useUp();
      if (name === 'first') waitFor('first again');
    });
  };
  useUp();
  for (const name of ['first', 'second']) waitFor(name);
  let turnsCount = 0;
  for (; order.length < 3; turnsCount++) {
    const lengthBefore = order.length;
    await nextTurn();
    assert.ok(order.length - lengthBefore <= 1, 'one used the whole turn up');
  }
  assert.deepEqual(order, ['first', 'second', 'first again']);
  assert.ok(turnsCount >= 3);
});
