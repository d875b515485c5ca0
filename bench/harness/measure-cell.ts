import type { RunningPeer } from '../peers/peer.js';
import type { BenchCase, BenchTarget } from '../transactions/bench-case.js';
import type { CellResult } from './bench-result.js';
import type { LoadResult } from './closed-loop.js';
import { ProcessSampler } from './process-sampler.js';

/** Runs one case once against one peer and records what the peer used. */
export async function measureCell(
  benchCase: BenchCase,
  target: BenchTarget,
  repetition: number,
): Promise<CellResult> {
  const { peer } = target;
  const sampler = new ProcessSampler(peer.pid);
  await peer.takeEventLoopDelay();
  sampler.begin();
  const answered = await benchCase.run(target, repetition);
  const server = sampler.end();
  const hasEnded = answered.errorCount > 0 && (await peer.restartIfEnded());
  const load = hasEnded ? withError(answered, 'the server ended by itself') : answered;
  const eventLoopDelay = await peer.takeEventLoopDelay();
  const unitsPerSecond = load.units / (load.durationMs / 1000);
  return {
    transaction: benchCase.transaction,
    case: benchCase.name,
    concurrency: benchCase.concurrency,
    unit: benchCase.unit,
    peer: peer.record.name,
    unitsPerSecond,
    unitsPerSecondRuns: [unitsPerSecond],
    load,
    server,
    ...(eventLoopDelay === undefined ? {} : { eventLoopDelay }),
  };
}

/**
 * Runs a case `repetitions` times against every peer, turn by turn and each time beginning with the next peer, so that a drift
 * of the machine meets all of them.
 *
 * @returns for each peer, in the order given, its repetition of median throughput with the errors of all
 */
export async function measureInterleaved(
  benchCase: BenchCase,
  targets: readonly BenchTarget[],
  repetitions: number,
): Promise<readonly CellResult[]> {
  const runs = new Map<RunningPeer, CellResult[]>(targets.map(({ peer }) => [peer, []]));
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (let turn = 0; turn < targets.length; turn++) {
      const target = targets[(repetition + turn) % targets.length] as BenchTarget;
      runs.get(target.peer)?.push(await measureCell(benchCase, target, repetition));
    }
  }
  return [...runs.values()].map(medianRun);
}

function medianRun(runs: readonly CellResult[]): CellResult {
  const sorted = [...runs].sort((a, b) => a.unitsPerSecond - b.unitsPerSecond);
  const median = sorted[Math.floor((sorted.length - 1) / 2)] as CellResult;
  return {
    ...median,
    unitsPerSecondRuns: runs.map((run) => run.unitsPerSecond),
    load: {
      ...median.load,
      errorCount: runs.reduce((sum, run) => sum + run.load.errorCount, 0),
      errorSamples: [...new Set(runs.flatMap((run) => run.load.errorSamples))],
    },
  };
}

function withError(load: LoadResult, error: string): LoadResult {
  return {
    ...load,
    errorCount: load.errorCount + 1,
    errorSamples: [...load.errorSamples, error],
  };
}
