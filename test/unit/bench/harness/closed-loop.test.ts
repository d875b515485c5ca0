import assert from 'node:assert/strict';
import { setImmediate as nextTurn, setTimeout as delay } from 'node:timers/promises';
import { test } from 'node:test';

import { driveClosedLoop } from '#bench/harness/closed-loop.js';

const DURATION_MAX_MS = 60_000;

test('every operation number is given once, the warm-up is not counted, the count is a bound', async () => {
  const seen: number[] = [];
  const operate = async (operationNumber: number): Promise<{ units: number; bytes: number }> => {
    seen.push(operationNumber);
    await nextTurn();
    return { units: 2, bytes: 10 };
  };
  const result = await driveClosedLoop([operate, operate, operate], {
    operationsMax: 20,
    durationMaxMs: DURATION_MAX_MS,
    warmUpOperations: 5,
  });
  assert.deepEqual(seen, [...Array(25).keys()]);
  assert.equal(result.latency.count, 20);
  assert.equal(result.units, 40);
  assert.equal(result.bytes, 200);
  assert.equal(result.errorCount, 0);
});

test('with a rate, latency counts from when an operation was due, also while none of the clients was free', async () => {
  const startedMs: number[] = [];
  const firstMs = 50;
  const operate = async (operation: number): Promise<{ units: number; bytes: number }> => {
    startedMs.push(performance.now());
    if (operation === 0) await delay(firstMs);
    return { units: 1, bytes: 1 };
  };
  const result = await driveClosedLoop([operate], {
    operationsMax: 5,
    durationMaxMs: DURATION_MAX_MS,
    warmUpOperations: 0,
    operationsPerSecond: 100,
  });
  assert.equal(result.units, 5);
  // The only client was busy when the others were due, so that the median waited 30 ms at least.
  assert.ok(startedMs[4]! - startedMs[0]! >= firstMs - 1);
  assert.ok(result.latency.p50Ms >= firstMs - 1 - 20);
});

test('with a rate, no operation begins before it is due', async () => {
  const startedMs: number[] = [];
  const operate = (): Promise<{ units: number; bytes: number }> => {
    startedMs.push(performance.now());
    return Promise.resolve({ units: 1, bytes: 1 });
  };
  await driveClosedLoop([operate, operate], {
    operationsMax: 6,
    durationMaxMs: DURATION_MAX_MS,
    warmUpOperations: 2,
    operationsPerSecond: 200,
  });
  const [, warmUpMs = 0, ...timed] = startedMs;
  timed.forEach((at, n) => assert.ok(at - warmUpMs >= n * 5, `${n}: ${at - warmUpMs}`));
});

test('a failed operation is an error and no throughput, also in the warm-up', async () => {
  const operate = async (operationNumber: number): Promise<{ units: number; bytes: number }> => {
    await nextTurn();
    if (operationNumber % 2 === 0) throw new Error('answered 503');
    return { units: 1, bytes: 1 };
  };
  const result = await driveClosedLoop([operate], {
    operationsMax: 10,
    durationMaxMs: DURATION_MAX_MS,
    warmUpOperations: 2,
  });
  assert.equal(result.errorCount, 6);
  assert.deepEqual(result.errorSamples, ['answered 503']);
  assert.equal(result.units, 5);
  assert.equal(result.latency.count, 5);
});
