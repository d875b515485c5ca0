import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseEventLoopDelay } from '#bench/peers/gantry.js';

test('the event-loop delay is read from the metrics', () => {
  const metrics = [
    '# TYPE gantry_event_loop_delay_seconds gauge',
    'gantry_event_loop_delay_seconds{quantile="0.5"} 0.0005',
    'gantry_event_loop_delay_seconds{quantile="0.99"} 0.012',
    'gantry_event_loop_delay_seconds{quantile="1"} 5e-2',
  ].join('\n');
  assert.deepEqual(parseEventLoopDelay(metrics), { p50Ms: 0.5, p99Ms: 12, maxMs: 50 });
});

test('metrics without the delay give none', () => {
  assert.equal(parseEventLoopDelay('process_cpu_seconds_total 1\n'), undefined);
});
