import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import { AssociationPool } from '#src/dimse/scu/association-pool.js';
import { defaultScuTimeouts, requestAssociation } from '#src/dimse/scu/association-requestor.js';
import type { RequestorOptions } from '#src/dimse/scu/association-requestor.js';
import { echo } from '#src/dimse/scu/c-echo-scu.js';
import { proposalOf } from '#src/dimse/scu/dimse-client.js';
import { startDimseFixture, until, verification } from '#test/helpers/dimse-fixture.js';

function createPool(
  t: TestContext,
  options: { idleTimeMs?: number; idleMax?: number } = {},
): AssociationPool {
  const pool = new AssociationPool({
    idleTimeMs: 60_000,
    idleMax: 2,
    attemptsMax: 3,
    retryDelayMs: 5,
    open: requestAssociation,
    ...options,
  });
  t.after(() => pool.close());
  return pool;
}

function optionsFor(port: number, calledAeTitle = 'GANTRY'): RequestorOptions {
  return {
    target: { host: '127.0.0.1', port, calledAeTitle, callingAeTitle: 'SCU' },
    proposal: proposalOf(verification),
    timeouts: defaultScuTimeouts,
    maximumLengthBytes: 0,
    logger: silentLogger,
  };
}

test('one use after the other shares an association, two at a time do not', async (t) => {
  const { port, counters } = await startDimseFixture(t);
  const pool = createPool(t);
  for (let i = 0; i < 3; i++) await pool.use(optionsFor(port), echo);
  assert.equal(counters.accepted, 1);
  assert.equal(pool.idleCount, 1);
  await Promise.all([1, 2, 3].map(() => pool.use(optionsFor(port), echo)));
  assert.equal(counters.accepted, 3);
  assert.equal(pool.idleCount, 2);
  await pool.use(optionsFor(port, 'OTHER'), echo);
  assert.equal(counters.accepted, 4);
  await pool.close();
  await until(() => counters.ends.length === 4, 'all to end');
  assert.deepEqual(new Set(counters.ends), new Set(['released']));
});

test('an idle association makes room for one to the same peer that proposes something else', async (t) => {
  const { port, counters } = await startDimseFixture(t);
  const elsewhere = await startDimseFixture(t);
  const pool = createPool(t);
  await pool.use(optionsFor(elsewhere.port), echo);
  await pool.use(optionsFor(port), echo);
  await pool.use({ ...optionsFor(port), maximumLengthBytes: 4_096 }, echo);
  await until(() => counters.ends.length === 1, 'the release');
  assert.deepEqual(counters.ends, ['released']);
  assert.equal(pool.idleCount, 2);
  assert.deepEqual(elsewhere.counters.ends, []);
});

test('an association that nobody uses is released after its time', async (t) => {
  const { port, counters } = await startDimseFixture(t);
  const pool = createPool(t, { idleTimeMs: 20 });
  await pool.use(optionsFor(port), echo);
  await until(() => counters.ends.length === 1, 'the release');
  assert.deepEqual([counters.ends, pool.idleCount], [['released'], 0]);
});

test('an association that the peer has ended is not used again', async (t) => {
  const { port, counters, service } = await startDimseFixture(t);
  const pool = createPool(t);
  let ended: Promise<void> | undefined;
  await pool.use(optionsFor(port), (association) => {
    ended = association.ended;
    return echo(association);
  });
  await service.stop(0);
  await ended;
  await assert.rejects(pool.use(optionsFor(port), echo), { code: 'peer-unavailable' });
  assert.equal(counters.accepted, 1);
});

test('an association is dropped when its user left an operation behind', async (t) => {
  const { port, counters } = await startDimseFixture(t);
  const pool = createPool(t);
  const leave = pool.use(optionsFor(port), (association) => {
    echo(association).catch(() => undefined);
    return Promise.reject(new Error('gone'));
  });
  await assert.rejects(leave, /gone/);
  await until(() => counters.ends.length === 1, 'the abort');
  assert.deepEqual([counters.ends, pool.idleCount], [['aborted-by-peer'], 0]);
});

test('PS3.8 §9.3.4: a transient rejection is tried again, a permanent one is not', async (t) => {
  const { port, counters, setCongested } = await startDimseFixture(t, { checkCalledAe: true });
  const pool = createPool(t);
  setCongested(true);
  const used = pool.use(optionsFor(port), echo);
  await until(() => counters.rejects.length > 0, 'a rejection');
  setCongested(false);
  assert.equal((await used).status, 0);

  setCongested(true);
  counters.rejects.length = 0;
  // The association that is kept idle is no help to another called AE title's proposal.
  const other = { ...optionsFor(port), maximumLengthBytes: 1_024 };
  await assert.rejects(pool.use(other, echo), { code: 'peer-unavailable' });
  assert.equal(counters.rejects.length, 3);

  counters.rejects.length = 0;
  await assert.rejects(pool.use(optionsFor(port, 'NOBODY'), echo), { code: 'peer-unavailable' });
  assert.equal(counters.rejects.length, 1);
});
