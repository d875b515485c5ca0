import assert from 'node:assert/strict';
import { test } from 'node:test';

import { LatencyRecorder } from '#bench/harness/latency-recorder.js';

test('percentiles are exact by nearest rank, whatever the order of recording', () => {
  const recorder = new LatencyRecorder();
  for (let value = 2000; value >= 1; value--) recorder.record(value);
  assert.deepEqual(recorder.summarize(), {
    count: 2000,
    meanMs: 1000.5,
    p50Ms: 1000,
    p95Ms: 1900,
    p99Ms: 1980,
    maxMs: 2000,
  });
});

test('nothing recorded gives zeros', () => {
  const { count, p50Ms, maxMs, meanMs } = new LatencyRecorder().summarize();
  assert.deepEqual({ count, p50Ms, maxMs, meanMs }, { count: 0, p50Ms: 0, maxMs: 0, meanMs: 0 });
});
