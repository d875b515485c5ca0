import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import type { LoadResult } from './closed-loop.js';
import type { EnvironmentRecord } from './environment-record.js';
import type { ProcessUsage } from './process-sampler.js';
import type { RawLimit } from './raw-limits.js';

/** Event-loop delay of a server during a cell, as its own metrics report it. */
export interface EventLoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** One cell: one case at one concurrency against one peer. */
export interface CellResult {
  readonly transaction: string;
  readonly case: string;
  readonly concurrency: number;
  readonly peer: string;
  readonly unit: string;
  /** Units per second: of this run, which is the median one when the cell was repeated. */
  readonly unitsPerSecond: number;
  /** Units per second of every repetition, in the order they ran. */
  readonly unitsPerSecondRuns: readonly number[];
  readonly load: LoadResult;
  readonly server: ProcessUsage;
  /** Absent where the server does not publish it. */
  readonly eventLoopDelay?: EventLoopDelay;
}

/** One peer of a run. */
export interface PeerRecord {
  readonly name: string;
  readonly version: string;
  /** Settings that matter for a comparison. */
  readonly settings: Readonly<Record<string, string>>;
}

/** The file written by a run. */
export interface BenchResult {
  readonly schemaVersion: 1;
  readonly startedAt: string;
  readonly scale: string;
  readonly environment: EnvironmentRecord;
  readonly peers: readonly PeerRecord[];
  /** Of the machine, measured just before the cells; absent in files of earlier versions. */
  readonly limits?: readonly RawLimit[];
  readonly cells: readonly CellResult[];
}

/** Text that names a cell across files; the peer is not part of it. */
export function cellKey(cell: CellResult): string {
  return `${cell.transaction}: ${cell.case} c=${cell.concurrency}`;
}

/** Writes a result as indented JSON, making its folder. */
export function writeBenchResult(path: string, result: BenchResult): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
}

/**
 * Reads a result.
 *
 * @throws Error when the file is missing, is no JSON, or was written by another version of the bench
 */
export function readBenchResult(path: string): BenchResult {
  const result = JSON.parse(readFileSync(path, 'utf8')) as BenchResult;
  if (result.schemaVersion !== 1) throw new Error(`${path}: not a bench result of version 1`);
  return result;
}
