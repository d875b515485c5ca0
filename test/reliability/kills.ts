import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { verifyStore } from '#engine/maintenance/verify-store.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';
import { checkAcknowledged } from './check-acknowledged.js';
import { ExpectedInstances } from './expected-state.js';
import { BrokenPromiseError, runMixedLoad } from './mixed-load.js';
import type { Figures, ScenarioRun } from './scenario.js';

const clients = 4;
/** An end comes after at most so many operations of the load, at a random moment of those that are then under way. */
const operationsMax = 60;
const momentMsMax = 60;
/** However slow the machine is. */
const loadMsMax = 15_000;
/** After so many ends the whole directory is verified and a new one begun. */
const endsPerDirectory = 50;
const args = [
  ...['--store-segment-bytes', String(16 * 1024 * 1024)],
  // One each, because starting threads is most of what a restart costs.
  ...['--codec-threads', '1', '--ingest-parse-threads', '1'],
];

/** SIGKILL, or SIGTERM and the time to end what is under way. */
type WayToEnd = 'kill' | 'stop';

/** What all servers of a campaign came to. */
class Campaign {
  readonly counts = { lost: 0, corrupt: 0, resurrected: 0, wrongSearches: 0 };
  readonly readyMs: number[] = [];
  readonly stopMs: number[] = [];
  readonly way: WayToEnd;
  readonly run: ScenarioRun;
  readonly #endsMax: number;
  #begun = 0;
  ends = 0;
  /** Stops that were none: an exit code, or a signal. */
  crashes = 0;
  operations = 0;
  acknowledged = 0;
  wrongAnswers = 0;
  problems = 0;

  constructor(way: WayToEnd, endsMax: number, run: ScenarioRun) {
    this.way = way;
    this.#endsMax = endsMax;
    this.run = run;
  }

  get isOver(): boolean {
    return this.#begun >= this.#endsMax || this.run.isOver();
  }

  /** A number that no other end has. */
  begin(): number {
    return ++this.#begun;
  }

  noteEnd(): void {
    this.ends += 1;
    if (this.ends % 10 === 0) {
      const text = `${this.ends} ${this.way}s, ${this.acknowledged} acknowledged`;
      this.run.progress(text, this.figures());
    }
  }

  figures(): Figures {
    const stops = { 'with an exit code or a signal': this.crashes };
    return {
      [`${this.way}s`]: this.ends,
      ...(this.way === 'stop' ? stops : {}),
      operations: this.operations,
      'instances acknowledged': this.acknowledged,
      lost: this.counts.lost,
      corrupt: this.counts.corrupt,
      'deleted and there again': this.counts.resurrected,
      'searches that show something else': this.counts.wrongSearches,
      'answers under load that break a promise': this.wrongAnswers,
      'problems found by verify (blobs, records, counters, change log, index)': this.problems,
      ...(this.way === 'stop' ? { 'stop, ms': { samples: this.stopMs } } : {}),
      'restart to ready, ms': { samples: this.readyMs },
    };
  }
}

/**
 * Kills servers at random moments of mixed load and starts them again, one server for each processor: whether what was
 * acknowledged is there and whole, what was deleted is gone, and searches show just that.
 */
export function kills(killsMax: number, run: ScenarioRun): Promise<Figures> {
  return endOnAndOn(new Campaign('kill', killsMax, run));
}

/** The same with servers that are stopped: whether each ends by itself, without an error. */
export function stops(stopsMax: number, run: ScenarioRun): Promise<Figures> {
  return endOnAndOn(new Campaign('stop', stopsMax, run));
}

async function endOnAndOn(campaign: Campaign): Promise<Figures> {
  const endServers = async (): Promise<void> => {
    while (!campaign.isOver) await endServersOf(temporaryDirectory(), campaign);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, endServers));
  return campaign.figures();
}

/** The servers of one data directory, one after the other. */
async function endServersOf(dataDir: string, campaign: Campaign): Promise<void> {
  const expected = new ExpectedInstances();
  const { counts } = campaign;
  let cutOff: number | undefined;
  for (let n = 0; ; n++) {
    const startedAt = performance.now();
    const server = await startServer({ dataDir, args });
    if (n > 0) campaign.readyMs.push(Math.round(performance.now() - startedAt));
    await checkAcknowledged(server, expected, seedsOf(expected, cutOff), counts);
    if (n >= endsPerDirectory || campaign.isOver) {
      await checkAcknowledged(server, expected, expected.seeds(), counts);
      await server.stop();
      break;
    }
    cutOff = campaign.begin();
    await endUnderLoad(server, { expected, seed: String(cutOff) }, campaign);
    campaign.noteEnd();
  }
  const index = { memoryLimitBytes: 256 * 1024 * 1024, threads: 1 };
  campaign.problems += (await verifyStore({ dataDir, index }, () => undefined)).problemCount;
  rmSync(dataDir, { recursive: true });
}

async function endUnderLoad(
  server: TestServer,
  { expected, seed }: { readonly expected: ExpectedInstances; readonly seed: string },
  campaign: Campaign,
): Promise<void> {
  let isOver = false;
  let operationsLeft = 1 + Math.floor(Math.random() * operationsMax);
  const acknowledgedBefore = expected.acknowledged;
  const load = runMixedLoad({
    ...{ server, expected, clients, seed },
    isOver: () => isOver,
    onDone: () => {
      campaign.operations += 1;
      operationsLeft -= 1;
    },
  }).catch((error: unknown) => {
    if (!(error instanceof BrokenPromiseError)) throw error;
    campaign.run.progress(error.message);
    campaign.wrongAnswers += 1;
  });
  const endsAt = performance.now() + loadMsMax;
  while (operationsLeft > 0 && performance.now() < endsAt) await delay(5);
  await delay(Math.random() * momentMsMax);
  if (!(await end(server, campaign))) campaign.crashes += 1;
  isOver = true;
  await load;
  campaign.acknowledged += expected.acknowledged - acknowledgedBefore;
}

/** Whether it ended as it should. */
async function end(server: TestServer, { way, run, stopMs }: Campaign): Promise<boolean> {
  if (way === 'kill') {
    await server.kill();
    return true;
  }
  const startedAt = performance.now();
  const exitCode = await server.stop();
  stopMs.push(Math.round(performance.now() - startedAt));
  if (exitCode === 0) return true;
  run.progress(`ended with ${exitCode ?? server.process.signalCode}:\n${server.output()}`);
  return false;
}

/** The studies of the load that was cut off, and some of others. */
function seedsOf(expected: ExpectedInstances, cutOff: number | undefined): string[] {
  if (cutOff === undefined) return [];
  const all = expected.seeds();
  const ofLoad = all.filter((seed) => seed.startsWith(`${cutOff}.`));
  const others = [3, 7].map((n) => all[(cutOff * n) % Math.max(1, all.length)]);
  return [...new Set([...ofLoad, ...others])].filter((seed) => seed !== undefined);
}
