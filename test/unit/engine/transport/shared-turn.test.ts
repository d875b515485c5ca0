import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SharedTurn } from '#engine/transport/shared-turn.js';

/** Takes as long as a turn may take. */
function useUp(turn: SharedTurn): void {
  while (!turn.isUsedUp);
}

test('a turn is used up by time, whoever takes it, and the next one begins anew', async () => {
  const turn = new SharedTurn();
  assert.equal(turn.isUsedUp, false);
  useUp(turn);
  assert.equal(turn.isUsedUp, true);
  await nextTurn();
  assert.equal(turn.isUsedUp, false);
});

test('those who wait come in their order, and no more than have room in one turn', async () => {
  const turn = new SharedTurn();
  const order: string[] = [];
  const waitFor = (name: string): void => {
    turn.wait(() => {
      order.push(name);
      useUp(turn);
      if (name === 'first') waitFor('first again');
    });
  };
  useUp(turn);
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
