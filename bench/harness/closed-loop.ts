import { LatencyRecorder, type LatencySummary } from './latency-recorder.js';

/** Bounds of one cell. */
export interface LoadBounds {
  readonly operationsMax: number;
  readonly durationMaxMs: number;
  /** Operations done before the clock starts, over all clients; they take the first operation numbers. */
  readonly warmUpOperations: number;
  /** Asked before each operation; false ends the cell as its bounds do. */
  readonly isWanted?: () => boolean;
}

/** What one successful operation moved. */
export interface OperationYield {
  /** Things the cell counts: instances of a store request, 1 for a search or a frame. */
  readonly units: number;
  /** Payload bytes sent or received. */
  readonly bytes: number;
  /** Where the latency that counts is not that of the whole operation. */
  readonly latencyMs?: number;
}

/** Result of driving one cell. */
export interface LoadResult {
  readonly latency: LatencySummary;
  readonly durationMs: number;
  readonly units: number;
  readonly bytes: number;
  readonly errorCount: number;
  /** Up to five different error messages. */
  readonly errorSamples: readonly string[];
  /** CPU seconds of the load client per second; near 1 means that the client, not the server, was measured. */
  readonly clientCpuShare: number;
}

/** A load client: one connection or association that does one operation at a time. */
export type Operate = (operationNumber: number) => Promise<OperationYield>;

const ERROR_SAMPLES_MAX = 5;

/**
 * Drives the clients in a closed loop: each starts its next operation when its last one is answered. An operation that throws
 * counts as an error, never as throughput, and its latency is not recorded; errors of the warm-up count too.
 */
export async function driveClosedLoop(
  clients: readonly Operate[],
  bounds: LoadBounds,
): Promise<LoadResult> {
  const errors = new ErrorTally();
  const isWanted = bounds.isWanted ?? (() => true);
  let nextOperation = 0;
  const runUntil = async (
    operationEnd: number,
    deadlineMs: number,
    tally: Tally,
  ): Promise<void> => {
    const loop = async (operate: Operate): Promise<void> => {
      while (nextOperation < operationEnd && performance.now() < deadlineMs && isWanted()) {
        const startedMs = performance.now();
        try {
          const result = await operate(nextOperation++);
          tally.add(result, result.latencyMs ?? performance.now() - startedMs);
        } catch (error) {
          errors.add(error);
        }
      }
    };
    await Promise.all(clients.map(loop));
  };
  await runUntil(bounds.warmUpOperations, performance.now() + bounds.durationMaxMs, new Tally());
  const timed = new Tally();
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  const operationEnd = nextOperation + bounds.operationsMax;
  await runUntil(operationEnd, startedMs + bounds.durationMaxMs, timed);
  const durationMs = performance.now() - startedMs;
  const cpu = process.cpuUsage(cpuBefore);
  return {
    latency: timed.latency.summarize(),
    durationMs,
    units: timed.units,
    bytes: timed.bytes,
    errorCount: errors.count,
    errorSamples: errors.samples,
    clientCpuShare: (cpu.user + cpu.system) / 1000 / durationMs,
  };
}

class Tally {
  readonly latency = new LatencyRecorder();
  units = 0;
  bytes = 0;

  add(result: OperationYield, latencyMs: number): void {
    this.latency.record(latencyMs);
    this.units += result.units;
    this.bytes += result.bytes;
  }
}

class ErrorTally {
  count = 0;
  readonly samples: string[] = [];

  add(error: unknown): void {
    this.count++;
    const message = error instanceof Error ? error.message : String(error);
    if (this.samples.length < ERROR_SAMPLES_MAX && !this.samples.includes(message))
      this.samples.push(message);
  }
}
