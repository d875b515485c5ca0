import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Work that reads or copies: yields how many bytes it has moved since it yielded last, in steps of some milliseconds. */
export type SteppedWork<Result> = Generator<number, Result, void>;

export interface ThrottleOptions {
  /** Undefined: as fast as it goes. */
  readonly bytesPerSecondMax: number | undefined;
  readonly signal?: AbortSignal;
  /** Called after each step. */
  readonly onStep?: () => void;
}

/** A pause shorter than this is saved up. */
const pauseMsMin = 5;
/** Other work of the thread has its turn at least this often. */
const turnMs = 20;

/** Runs the work at no more than the given rate. Rejects when `signal` is aborted. */
export async function runThrottled<Result>(
  work: SteppedWork<Result>,
  { bytesPerSecondMax, signal, onStep }: ThrottleOptions,
): Promise<Result> {
  let dueAtMs = performance.now();
  let turnAtMs = dueAtMs;
  for (;;) {
    signal?.throwIfAborted();
    const step = work.next();
    if (step.done === true) return step.value;
    onStep?.();
    const nowMs = performance.now();
    // Time that was not used is not saved up for a burst.
    dueAtMs = Math.max(dueAtMs, nowMs - pauseMsMin);
    if (bytesPerSecondMax !== undefined) dueAtMs += (step.value * 1000) / bytesPerSecondMax;
    if (dueAtMs - nowMs >= pauseMsMin) {
      await sleep(dueAtMs - nowMs, undefined, signal === undefined ? {} : { signal });
      turnAtMs = performance.now();
    } else if (nowMs - turnAtMs >= turnMs) {
      await nextTurn();
      turnAtMs = performance.now();
    }
  }
}
