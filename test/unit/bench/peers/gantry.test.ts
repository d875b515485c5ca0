import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseEventLoopDelay } from '#bench/peers/gantry.js';

test('the event-loop delay is read from the metrics, with or without labels', () => {
  const metrics = [
    '# TYPE nodejs_eventloop_lag_p50_seconds gauge',
    'nodejs_eventloop_lag_p50_seconds 0.0101',
    'nodejs_eventloop_lag_p99_seconds{thread="main"} 0.012',
    'nodejs_eventloop_lag_max_seconds 5e-2',
  ].join('\n');
  assert.deepEqual(parseEventLoopDelay(metrics), { p50Ms: 10.1, p99Ms: 12, maxMs: 50 });
});

test('metrics without the delay give none', () => {
  assert.equal(parseEventLoopDelay('process_cpu_seconds_total 1\n'), undefined);
});
