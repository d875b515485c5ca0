import { acceptStoredInstances, qido, retrieve } from '#test/helpers/dicomweb-client.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';
import { verifyStore } from '#engine/maintenance/verify-store.js';
import { ExpectedInstances } from './expected-state.js';
import { runMixedLoad } from './mixed-load.js';
import { numberedInstance, pathOf, studyOf } from './numbered-instance.js';
import type { InstanceName } from './numbered-instance.js';
import { quantile } from './process-figures.js';
import type { Figures, ScenarioRun } from './scenario.js';

const clients = 4;
/** A kill comes between these times of load. */
const loadMsMin = 100;
const loadMsMax = 1_500;
/** The whole directory is verified after so many kills, and at the end. */
const verifyEvery = 100;

interface Counts {
  lost: number;
  corrupt: number;
  resurrected: number;
  wrongSearches: number;
}

/**
 * Kills the server at random moments of mixed load and starts it again: whether what was acknowledged is there and whole, what was
 * deleted is gone, and searches show just that.
 */
export async function kills(killsMax: number, run: ScenarioRun): Promise<Figures> {
  const dataDir = temporaryDirectory();
  const args = ['--store-segment-bytes', String(16 * 1024 * 1024)];
  const expected = new ExpectedInstances();
  const counts: Counts = { lost: 0, corrupt: 0, resurrected: 0, wrongSearches: 0 };
  const readyMs: number[] = [];
  let problems = 0;
  let operations = 0;
  let killCount = 0;
  for (let kill = 1; ; kill++) {
    const startedAt = performance.now();
    const server = await startServer({ dataDir, args });
    if (kill > 1) readyMs.push(performance.now() - startedAt);
    await checkSeeds(server, expected, seedsOf(expected, kill - 1), counts);
    if (kill > killsMax || run.isOver()) {
      killCount = kill - 1;
      await checkSeeds(server, expected, expected.seeds(), counts);
      await server.stop();
      break;
    }
    let isOver = false;
    const load = runMixedLoad({
      ...{ server, expected, clients, seed: String(kill) },
      isOver: () => isOver,
      onDone: () => (operations += 1),
    });
    await delay(loadMsMin + Math.random() * (loadMsMax - loadMsMin));
    await server.kill();
    isOver = true;
    await load;
    if (kill % verifyEvery === 0) problems += await problemsOf(dataDir);
    if (kill % 10 === 0) run.progress(`${kill} kills, ${expected.acknowledged} acknowledged`);
  }
  problems += await problemsOf(dataDir);
  return {
    kills: killCount,
    operations,
    'instances acknowledged': expected.acknowledged,
    lost: counts.lost,
    corrupt: counts.corrupt,
    'deleted and there again': counts.resurrected,
    'searches that show something else': counts.wrongSearches,
    'problems found by verify (blobs, records, counters, change log, index)': problems,
    'restart to ready p50, ms': quantile(readyMs, 0.5),
    'restart to ready p99, ms': quantile(readyMs, 0.99),
  };
}

async function problemsOf(dataDir: string): Promise<number> {
  const index = { memoryLimitBytes: 256 * 1024 * 1024, threads: 1 };
  return (await verifyStore({ dataDir, index }, () => undefined)).problemCount;
}

/** The studies of the round that was cut off, and some of others. */
function seedsOf(expected: ExpectedInstances, round: number): string[] {
  const all = expected.seeds();
  const ofRound = all.filter((seed) => seed.startsWith(`${round}.`));
  const others = [3, 7].map((n) => all[(round * n) % Math.max(1, all.length)]);
  return [...new Set([...ofRound, ...others])].filter((seed) => seed !== undefined);
}

async function checkSeeds(
  server: TestServer,
  expected: ExpectedInstances,
  seeds: readonly string[],
  counts: Counts,
): Promise<void> {
  for (const seed of seeds) {
    for (const state of ['stored', 'deleted', 'unknown'] as const) {
      for (const number of expected.numbers(seed, state)) {
        const found = await look(server, { seed, number }, counts);
        if (state === 'unknown') expected.resolve({ seed, number }, found);
        else if (found !== state) counts[state === 'stored' ? 'lost' : 'resurrected'] += 1;
      }
    }
    const there = expected.numbers(seed, 'stored').length;
    const rows = await qido(server.dicomwebUrl, `instances?PatientID=RELIABILITY-${seed}`);
    const [study] = await qido(server.dicomwebUrl, `studies?StudyInstanceUID=${studyOf(seed)}`);
    const counted = Number(study?.['00201208']?.Value?.[0] ?? 0);
    if (rows.length !== there || counted !== there) counts.wrongSearches += 1;
  }
}

async function look(
  server: TestServer,
  name: InstanceName,
  counts: Counts,
): Promise<'stored' | 'deleted'> {
  const url = `${server.dicomwebUrl}/${pathOf(name)}`;
  const head = await fetch(`${url}/metadata`);
  await head.arrayBuffer();
  if (head.status === 404 || head.status === 410) return 'deleted';
  const [part] = await retrieve(server.dicomwebUrl, pathOf(name), acceptStoredInstances);
  // By C-STORE the File Meta Information is another: the end, from the pixels on, is what came.
  const { pixels } = numberedInstance(name);
  if (part?.body.subarray(-pixels.length).equals(pixels) !== true) counts.corrupt += 1;
  return 'stored';
}
