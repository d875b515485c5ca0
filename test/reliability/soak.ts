import { startServer } from '#test/helpers/server.js';
import { delay } from '#test/helpers/wait.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { ExpectedInstances } from './expected-state.js';
import { runMixedLoad } from './mixed-load.js';
import { diskBytes, openDescriptors, quantile, residentBytes, slopeOf } from './process-figures.js';
import type { Figures, ScenarioRun } from './scenario.js';

export interface SoakOptions {
  readonly minutes: number;
  readonly clients: number;
  readonly pauseMs: number;
}

interface Sample {
  readonly atHours: number;
  readonly residentMib: number;
  readonly descriptors: number;
  readonly diskMib: number;
  readonly latencyP99Ms: number;
}

const mib = 1024 * 1024;
const sampleIntervalMs = 10_000;
/** Slopes are taken behind this part of the time, in which caches and the store fill up. */
const warmUpShare = 0.25;
/** Instances that a client keeps: what comes and goes is then in balance, and disk use should be. */
const keptMax = 300;

/** Mixed load for a long time: whether memory, descriptors, disk use or latency creep up. */
export async function soak(
  { minutes, clients, pauseMs }: SoakOptions,
  { progress }: Pick<ScenarioRun, 'progress'>,
): Promise<Figures> {
  const dataDir = temporaryDirectory();
  // What is deleted goes for good soon, or the store would grow for days.
  const args = ['--store-garbage-grace-ms', '10000', '--store-undelete-window-ms', '10000'];
  const server = await startServer({ dataDir, args });
  const pid = server.process.pid!;
  const expected = new ExpectedInstances();
  const startedAt = performance.now();
  const endsAt = startedAt + minutes * 60_000;
  const isOver = (): boolean => performance.now() > endsAt;
  const samples: Sample[] = [];
  let latencies: number[] = [];
  let operations = 0;
  const onDone = (_: unknown, durationMs: number): void => {
    operations += 1;
    latencies.push(durationMs);
  };
  const load = runMixedLoad({
    server,
    expected,
    seed: '7',
    clients,
    pauseMs,
    keptMax,
    isOver,
    onDone,
  });
  const sampling = (async (): Promise<void> => {
    while (!isOver()) {
      await delay(Math.min(sampleIntervalMs, Math.max(1, endsAt - performance.now())));
      samples.push({
        atHours: (performance.now() - startedAt) / 3_600_000,
        residentMib: residentBytes(pid) / mib,
        descriptors: openDescriptors(pid),
        diskMib: diskBytes(dataDir) / mib,
        latencyP99Ms: quantile(latencies, 0.99),
      });
      latencies = [];
      progress(`${operations} operations, ${samples.at(-1)!.residentMib.toFixed(0)} MiB`);
    }
  })();
  await Promise.all([load, sampling]);
  const exitCode = await server.stop();
  const steady = samples.slice(Math.floor(samples.length * warmUpShare));
  const slope = (of: (sample: Sample) => number): number =>
    slopeOf(steady.map((sample) => [sample.atHours, of(sample)]));
  const first = steady.slice(0, Math.ceil(steady.length / 2));
  const last = steady.slice(Math.floor(steady.length / 2));
  return {
    minutes,
    clients,
    operations,
    'instances acknowledged': expected.acknowledged,
    'broken promises': 0,
    'exit code': exitCode ?? -1,
    'RSS at the end, MiB': samples.at(-1)?.residentMib ?? 0,
    'RSS slope, MiB/h': slope((sample) => sample.residentMib),
    'descriptors at the end': samples.at(-1)?.descriptors ?? 0,
    'descriptor slope, 1/h': slope((sample) => sample.descriptors),
    'disk at the end, MiB': samples.at(-1)?.diskMib ?? 0,
    'disk slope, MiB/h': slope((sample) => sample.diskMib),
    'p99 of the first half, ms': quantile(
      first.map((sample) => sample.latencyP99Ms),
      0.5,
    ),
    'p99 of the second half, ms': quantile(
      last.map((sample) => sample.latencyP99Ms),
      0.5,
    ),
  };
}
