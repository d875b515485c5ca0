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
/** A kill comes after at most so many operations of the load, at a random moment of those that are then under way. */
const operationsMax = 60;
const momentMsMax = 60;
/** However slow the machine is. */
const loadMsMax = 15_000;
/** After so many kills the whole directory is verified and a new one begun. */
const killsPerDirectory = 50;
const args = [
  ...['--store-segment-bytes', String(16 * 1024 * 1024)],
  // One each, because starting threads is most of what a restart costs.
  ...['--codec-threads', '1', '--ingest-parse-threads', '1'],
];

/** What all servers of a campaign came to. */
class Campaign {
  readonly counts = { lost: 0, corrupt: 0, resurrected: 0, wrongSearches: 0 };
  readonly readyMs: number[] = [];
  readonly run: ScenarioRun;
  readonly #killsMax: number;
  #begun = 0;
  kills = 0;
  operations = 0;
  acknowledged = 0;
  wrongAnswers = 0;
  problems = 0;

  constructor(killsMax: number, run: ScenarioRun) {
    this.#killsMax = killsMax;
    this.run = run;
  }

  get isOver(): boolean {
    return this.#begun >= this.#killsMax || this.run.isOver();
  }

  /** A number that no other kill has. */
  begin(): number {
    return ++this.#begun;
  }

  noteKill(): void {
    this.kills += 1;
    if (this.kills % 10 === 0) {
      this.run.progress(`${this.kills} kills, ${this.acknowledged} acknowledged`, this.figures());
    }
  }

  figures(): Figures {
    return {
      kills: this.kills,
      operations: this.operations,
      'instances acknowledged': this.acknowledged,
      lost: this.counts.lost,
      corrupt: this.counts.corrupt,
      'deleted and there again': this.counts.resurrected,
      'searches that show something else': this.counts.wrongSearches,
      'answers under load that break a promise': this.wrongAnswers,
      'problems found by verify (blobs, records, counters, change log, index)': this.problems,
      'restart to ready, ms': { samples: this.readyMs },
    };
  }
}

/**
 * Kills servers at random moments of mixed load and starts them again, one server for each processor: whether what was
 * acknowledged is there and whole, what was deleted is gone, and searches show just that.
 */
export async function kills(killsMax: number, run: ScenarioRun): Promise<Figures> {
  const campaign = new Campaign(killsMax, run);
  const killOnAndOn = async (): Promise<void> => {
    while (!campaign.isOver) await killServersOf(temporaryDirectory(), campaign);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, killOnAndOn));
  return campaign.figures();
}

/** The servers of one data directory, one after the other. */
async function killServersOf(dataDir: string, campaign: Campaign): Promise<void> {
  const expected = new ExpectedInstances();
  const { counts } = campaign;
  let cutOff: number | undefined;
  for (let n = 0; ; n++) {
    const startedAt = performance.now();
    const server = await startServer({ dataDir, args });
    if (n > 0) campaign.readyMs.push(Math.round(performance.now() - startedAt));
    await checkAcknowledged(server, expected, seedsOf(expected, cutOff), counts);
    if (n >= killsPerDirectory || campaign.isOver) {
      await checkAcknowledged(server, expected, expected.seeds(), counts);
      await server.stop();
      break;
    }
    const kill = campaign.begin();
    await killUnderLoad(server, { expected, seed: String(kill) }, campaign);
    cutOff = kill;
    campaign.noteKill();
  }
  const index = { memoryLimitBytes: 256 * 1024 * 1024, threads: 1 };
  campaign.problems += (await verifyStore({ dataDir, index }, () => undefined)).problemCount;
  rmSync(dataDir, { recursive: true });
}

async function killUnderLoad(
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
  await server.kill();
  isOver = true;
  await load;
  campaign.acknowledged += expected.acknowledged - acknowledgedBefore;
}

/** The studies of the load that was cut off, and some of others. */
function seedsOf(expected: ExpectedInstances, cutOff: number | undefined): string[] {
  if (cutOff === undefined) return [];
  const all = expected.seeds();
  const ofLoad = all.filter((seed) => seed.startsWith(`${cutOff}.`));
  const others = [3, 7].map((n) => all[(cutOff * n) % Math.max(1, all.length)]);
  return [...new Set([...ofLoad, ...others])].filter((seed) => seed !== undefined);
}
