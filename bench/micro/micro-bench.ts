/** One function under the microscope. A `*.bench.ts` file exports its benches as `microBenches`. */
export interface MicroBench {
  readonly name: string;
  /** Bytes that one call works through, for a throughput figure. */
  readonly bytesPerCall?: number;
  /**
   * The call that is timed; a promise is awaited. It must return something that depends on the work, or the compiler may leave
   * the work out.
   */
  run(): unknown;
}

/** Nanoseconds per call. */
export interface MicroResult {
  readonly name: string;
  readonly callCount: number;
  readonly minNs: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  /** From the median; absent without `bytesPerCall`. */
  readonly mebibytesPerSecond?: number;
}

/** Calls are timed in batches that last at least this long, so that reading the clock does not count. */
const BATCH_MIN_NS = 50_000;
const WARM_UP_SHARE = 0.2;
const MEBIBYTE = 1024 * 1024;

/** The last result of a run, kept where the compiler cannot prove it unused. */
const kept: { last: unknown } = { last: undefined };

/**
 * Times a bench for about `durationMs`, after a warm-up of a fifth of that.
 *
 * @param durationMs 0 makes one batch of one call: enough to see that the bench works
 */
export async function measureMicro(bench: MicroBench, durationMs: number): Promise<MicroResult> {
  const callsPerBatch = durationMs === 0 ? 1 : await calibrate(bench, durationMs * WARM_UP_SHARE);
  const samples: number[] = [];
  const deadlineMs = performance.now() + durationMs;
  do samples.push((await timeBatch(bench, callsPerBatch)) / callsPerBatch);
  while (performance.now() < deadlineMs);
  samples.sort((a, b) => a - b);
  const atShare = (share: number): number => samples[Math.ceil(share * samples.length) - 1] ?? 0;
  const p50Ns = atShare(0.5);
  return {
    name: bench.name,
    callCount: samples.length * callsPerBatch,
    minNs: samples[0] ?? 0,
    p50Ns,
    p99Ns: atShare(0.99),
    ...(bench.bytesPerCall === undefined
      ? {}
      : { mebibytesPerSecond: (bench.bytesPerCall / MEBIBYTE / p50Ns) * 1e9 }),
  };
}

/** Runs until the time is over, and returns how many calls make a batch long enough. */
async function calibrate(bench: MicroBench, durationMs: number): Promise<number> {
  const deadlineMs = performance.now() + durationMs;
  let calls = 1;
  while (performance.now() < deadlineMs)
    if ((await timeBatch(bench, calls)) < BATCH_MIN_NS) calls *= 2;
  return calls;
}

async function timeBatch(bench: MicroBench, calls: number): Promise<number> {
  const startedNs = process.hrtime.bigint();
  for (let call = 0; call < calls; call++) {
    const result = bench.run();
    kept.last = result instanceof Promise ? await result : result;
  }
  return Number(process.hrtime.bigint() - startedNs);
}
