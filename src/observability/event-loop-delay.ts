import { monitorEventLoopDelay } from 'node:perf_hooks';

const resolutionMs = 5;
const nanosecondsPerSecond = 1e9;

/** How late timers of the main thread fired, in seconds. */
export interface EventLoopDelay {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Samples from now on; each call returns the delays since the call before. */
export function watchEventLoopDelay(): () => EventLoopDelay {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  // node records the whole time between two samples: 5 ms when nothing is late
  const toDelay = (nanoseconds: number): number =>
    Math.max(0, nanoseconds / nanosecondsPerSecond - resolutionMs / 1000);
  return () => {
    const delay = {
      p50: toDelay(histogram.percentile(50)),
      p99: toDelay(histogram.percentile(99)),
      max: histogram.count === 0 ? 0 : toDelay(histogram.max),
    };
    histogram.reset();
    return delay;
  };
}
