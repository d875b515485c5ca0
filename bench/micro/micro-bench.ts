/** One function under the microscope. A `*.bench.ts` file exports its benches as `microBenches`. */
export interface MicroBench {
  readonly name: string;
  /** Bytes that one call works through, for a throughput figure. */
  readonly bytesPerCall?: number;
  /** The call that is timed; it must return something that depends on the work, or the compiler may leave it out. */
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

/** Results of runs, kept where the compiler cannot prove them unused. */
let sink: unknown;

/**
 * Times a bench for about `durationMs`, after a warm-up of a fifth of that.
 *
 * @param durationMs 0 makes one batch of one call: enough to see that the bench works
 */
export function measureMicro(bench: MicroBench, durationMs: number): MicroResult {
  const callsPerBatch = durationMs === 0 ? 1 : calibrate(bench, durationMs * WARM_UP_SHARE);
  const samples: number[] = [];
  const deadlineMs = performance.now() + durationMs;
  do samples.push(timeBatch(bench, callsPerBatch) / callsPerBatch);
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
function calibrate(bench: MicroBench, durationMs: number): number {
  const deadlineMs = performance.now() + durationMs;
  let calls = 1;
  while (performance.now() < deadlineMs) if (timeBatch(bench, calls) < BATCH_MIN_NS) calls *= 2;
  return calls;
}

function timeBatch(bench: MicroBench, calls: number): number {
  const startedNs = process.hrtime.bigint();
  for (let call = 0; call < calls; call++) sink = bench.run();
  return Number(process.hrtime.bigint() - startedNs);
}

/** The last result of a bench; only there to be read. */
export function lastMicroResult(): unknown {
  return sink;
}
