import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoreOutcome, StoreSession } from '#engine/engine-types.js';
import { InstanceUpload, instancesUnderWayMax } from '#src/dicomweb/stow/instance-upload.js';
import { storedOutcome } from '#test/helpers/stored-outcome.js';

/** A session that has room for everything and stores an instance when it is told to. */
class SlowSession implements StoreSession {
  readonly #underWay: (() => void)[] = [];
  beginInstance = (): void => undefined;
  write = (): boolean => true;
  abandonInstance = (): void => undefined;
  close = (): void => undefined;

  endInstance(): Promise<StoreOutcome> {
    return new Promise((resolve) => this.#underWay.push(() => resolve(storedOutcome)));
  }

  async store(count: number): Promise<void> {
    for (const finish of this.#underWay.splice(0, count)) finish();
    await new Promise(setImmediate);
  }
}

/** Sends one part; whether the sender may go on. */
function send(upload: InstanceUpload, number: number): boolean {
  const part = upload.openPart(new Map(), number)!;
  const mayGoOn = part.write(Buffer.from('DICM'));
  part.end();
  return mayGoOn;
}

test('a sender of many short instances pauses until enough of them are stored', async () => {
  const session = new SlowSession();
  let drained = 0;
  const upload = new InstanceUpload(session, () => drained++);
  const answers = Array.from({ length: instancesUnderWayMax + 2 }, (_, n) => send(upload, n + 1));
  assert.deepEqual(answers.slice(0, instancesUnderWayMax), answers.slice(0, -2).fill(true));
  assert.deepEqual(answers.slice(-2), [false, false]);
  await session.store(2);
  assert.equal(drained, 0, 'hardly fewer');
  await session.store(instancesUnderWayMax / 2);
  assert.equal(drained, 1);
  assert.equal(send(upload, 1000), true);
  await session.store(instancesUnderWayMax * 2);
  assert.equal(drained, 1, 'nobody waits');
  const outcomes = await upload.finish();
  assert.equal(outcomes.length, instancesUnderWayMax + 3);
  assert.equal(outcomes.at(-1)?.partNumber, 1000);
});
