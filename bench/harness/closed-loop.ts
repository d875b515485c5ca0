import { setTimeout as delay } from 'node:timers/promises';

import { LatencyRecorder, type LatencySummary } from './latency-recorder.js';

/** Bounds of one cell. */
export interface LoadBounds {
  readonly operationsMax: number;
  readonly durationMaxMs: number;
  /** Operations done before the clock starts, over all clients; they take the first operation numbers. */
  readonly warmUpOperations: number;
  /** Over all clients; undefined for a closed loop. */
  readonly operationsPerSecond?: number;
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
 * Drives the clients in a closed loop: each starts its next operation when its last one is answered. With a rate, operations are
 * due one after another at that rate; a client that is free takes the next one, and its latency counts from when it was due, so
 * that what a slow answer keeps waiting is not left out. An operation that throws counts as an error, never as throughput, and
 * its latency is not recorded; errors of the warm-up count too.
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
    whenDue: (operation: number) => Promise<number>,
  ): Promise<void> => {
    const loop = async (operate: Operate): Promise<void> => {
      while (nextOperation < operationEnd && performance.now() < deadlineMs && isWanted()) {
        const operation = nextOperation++;
        const dueMs = await whenDue(operation);
        try {
          const result = await operate(operation);
          tally.add(result, result.latencyMs ?? performance.now() - dueMs);
        } catch (error) {
          errors.add(error);
        }
      }
    };
    await Promise.all(clients.map(loop));
  };
  const warmUpEndMs = performance.now() + bounds.durationMaxMs;
  await runUntil(bounds.warmUpOperations, warmUpEndMs, new Tally(), immediately);
  const timed = new Tally();
  const cpuBefore = process.cpuUsage();
  const startedMs = performance.now();
  const firstOperation = nextOperation;
  const { operationsPerSecond, operationsMax } = bounds;
  const whenDue =
    operationsPerSecond === undefined
      ? immediately
      : (operation: number) =>
          waitUntil(startedMs + ((operation - firstOperation) * 1000) / operationsPerSecond);
  await runUntil(firstOperation + operationsMax, startedMs + bounds.durationMaxMs, timed, whenDue);
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

function immediately(): Promise<number> {
  return Promise.resolve(performance.now());
}

/** Resolves at `dueMs`, or at once when that has passed, with it. */
async function waitUntil(dueMs: number): Promise<number> {
  for (;;) {
    const waitMs = dueMs - performance.now();
    if (waitMs <= 0) return dueMs;
    // Timers count whole milliseconds and may be early by more than one.
    await delay(waitMs);
  }
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
