import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { MoveDestination } from '#src/dimse/query-retrieve/move-destination.js';
import type { OpenDestination } from '#src/dimse/query-retrieve/move-destination.js';
import type { SubOperationResult } from '#src/dimse/query-retrieve/sub-operations.js';
import { instanceRecord } from '#test/helpers/record-builder.js';

const completed: SubOperationResult = { result: 'completed' };
const failed: SubOperationResult = { result: 'failed', reason: 'connection lost' };

/** Associations that end as told: for each, the outcomes of its sub-operations; the last one ends it if it failed. */
class Peer {
  openedCount = 0;
  givenBackCount = 0;
  readonly #scripts: readonly (readonly SubOperationResult[])[];

  constructor(...scripts: readonly (readonly SubOperationResult[])[]) {
    this.#scripts = scripts;
  }

  readonly open = (): Promise<OpenDestination> => {
    const script = [...(this.#scripts[this.openedCount] ?? [failed])];
    this.openedCount++;
    if (script.length === 0) return Promise.reject(new GantryError('peer-unavailable', 'gone'));
    const association = { isOpen: true };
    const giveBack = (): void => void this.givenBackCount++;
    const send = (): Promise<SubOperationResult> => {
      const outcome = script.shift() ?? completed;
      association.isOpen = outcome.result !== 'failed' || script.length > 0;
      return Promise.resolve(outcome);
    };
    return Promise.resolve({ lease: { association, giveBack }, sender: { send } });
  };
}

const record = instanceRecord('1.1', '1.2', '1.3', 1);

async function sendAll(peer: Peer, count: number): Promise<readonly string[]> {
  const destination = new MoveDestination(peer.open);
  const results: string[] = [];
  for (let i = 0; i < count; i++) results.push((await destination.send(record)).result);
  await destination.close();
  return results;
}

test('instances go on one association, and it is given back at the end', async () => {
  const peer = new Peer([completed, failed, completed]);
  assert.deepEqual(await sendAll(peer, 3), ['completed', 'failed', 'completed']);
  assert.deepEqual([peer.openedCount, peer.givenBackCount], [1, 1]);
});

test('an association that ends early is opened anew, and the instance sent again', async () => {
  const peer = new Peer([completed, failed], [completed, completed]);
  assert.deepEqual(await sendAll(peer, 3), ['completed', 'completed', 'completed']);
  assert.deepEqual([peer.openedCount, peer.givenBackCount], [2, 2]);
});

test('an instance that ends every association fails, and the next one gets another chance', async () => {
  const peer = new Peer([failed], [failed], [completed]);
  assert.deepEqual(await sendAll(peer, 2), ['failed', 'completed']);
  assert.equal(peer.openedCount, 3);
});

test('a destination that takes nothing, or that cannot be reached any more, is not asked for ever', async () => {
  const deaf = new Peer();
  assert.deepEqual(new Set(await sendAll(deaf, 100)), new Set(['failed']));
  assert.equal(deaf.openedCount, 10);
  const gone = new Peer([completed, failed], []);
  assert.deepEqual(await sendAll(gone, 50), ['completed', ...Array<string>(49).fill('failed')]);
  assert.equal(gone.openedCount, 2);
});
