import assert from 'node:assert/strict';
import { setImmediate as nextTurn } from 'node:timers/promises';
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
