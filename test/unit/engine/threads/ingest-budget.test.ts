import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { Arena, arenaBlockBytes, ArenaWriter } from '#engine/threads/arena.js';
import {
  guaranteedBlocksPerSession,
  IngestBudget,
  type BudgetedSession,
} from '#engine/threads/ingest-budget.js';

class TestSession implements BudgetedSession {
  readonly extents: { offset: number; length: number }[] = [];
  readonly #writer: ArenaWriter;
  wakeUps = 0;

  constructor(arena: Arena, budget: IngestBudget) {
    this.#writer = new ArenaWriter(arena, () => budget.wake());
  }

  get blocksHeld(): number {
    return this.#writer.blocksHeld;
  }

  onBudget(): void {
    this.wakeUps++;
  }

  fill(blocks: number): void {
    this.#writer.append(Buffer.alloc(blocks * arenaBlockBytes), this.extents);
  }

  commit(): void {
    this.#writer.release(this.extents.splice(0));
  }
}

describe('IngestBudget', () => {
  test('admits only as many sessions as it can promise their share', () => {
    const arena = new Arena(11 * arenaBlockBytes);
    const budget = new IngestBudget(arena, 64 * arenaBlockBytes);
    const sessions = [1, 2, 3].map(() => new TestSession(arena, budget));
    assert.deepEqual(
      sessions.map((session) => budget.admit(session)),
      [true, true, false],
    );
    budget.dismiss(sessions[0]!);
    assert.ok(budget.admit(sessions[2]!));
  });

  test('who finds it full waits for the end of a session, in turn, and no longer than a second', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const arena = new Arena(6 * arenaBlockBytes);
    const budget = new IngestBudget(arena, 64 * arenaBlockBytes);
    const session = new TestSession(arena, budget);
    await budget.whenFree('request');
    assert.ok(budget.admit(session));
    const came: string[] = [];
    const apply = (name: string): Promise<number> =>
      budget.whenFree('request').then(() => came.push(name));
    const first = apply('first');
    const second = apply('second');
    await setImmediate();
    assert.deepEqual(came, []);
    budget.dismiss(session);
    await first;
    await setImmediate();
    assert.deepEqual(came, ['first']);
    assert.ok(budget.admit(session));
    t.mock.timers.tick(1_000);
    await second;
    assert.ok(budget.isFull);
  });

  test('no more than 64 requests wait, whom associations may join', async () => {
    const arena = new Arena(6 * arenaBlockBytes);
    const budget = new IngestBudget(arena, 64 * arenaBlockBytes);
    const session = new TestSession(arena, budget);
    assert.ok(budget.admit(session));
    const waiting = Array.from({ length: 64 }, () => budget.whenFree('request'));
    await budget.whenFree('request');
    let hasCome = false;
    const association = budget.whenFree('association').then(() => (hasCome = true));
    for (let ended = 0; ended < waiting.length; ended++) budget.dismiss(session);
    await Promise.all(waiting);
    assert.equal(hasCome, false);
    budget.dismiss(session);
    await association;
  });

  test('a greedy session is stopped and the share of the others stays theirs', () => {
    const arena = new Arena(16 * arenaBlockBytes);
    const budget = new IngestBudget(arena, 64 * arenaBlockBytes);
    const [greedy, modest] = [new TestSession(arena, budget), new TestSession(arena, budget)];
    assert.ok(budget.admit(greedy) && budget.admit(modest));
    let taken = 0;
    while (budget.mayTakeBlock(greedy)) {
      greedy.fill(1);
      taken++;
    }
    assert.equal(taken, 2 * guaranteedBlocksPerSession);
    for (let block = 0; block < guaranteedBlocksPerSession - 1; block++) {
      assert.ok(budget.mayTakeBlock(modest));
      modest.fill(1);
    }
    assert.equal(budget.mayTakeBlock(modest), false);
    assert.equal(greedy.wakeUps + modest.wakeUps, 0);
    greedy.commit();
    assert.ok(modest.wakeUps === 1 && greedy.wakeUps === 1);
  });

  test('no session takes more than its maximum', () => {
    const arena = new Arena(64 * arenaBlockBytes);
    const budget = new IngestBudget(arena, 8 * arenaBlockBytes);
    const session = new TestSession(arena, budget);
    budget.admit(session);
    while (budget.mayTakeBlock(session)) session.fill(1);
    assert.equal(session.blocksHeld, 8);
  });
});
