import { loadavg } from 'node:os';
import { readEnvironment } from '#bench/harness/environment-record.js';
import { backups } from './backups.js';
import { bitRot } from './bit-rot.js';
import { failedSyncs } from './failed-syncs.js';
import { fullDisks } from './full-disks.js';
import { kills, stops } from './kills.js';
import { overload } from './overload.js';
import {
  parseReliabilityOptions,
  reliabilityUsage,
  scenarioNames,
  type ReliabilityOptions,
  type ScenarioName,
} from './reliability-options.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { restarts } from './restarts.js';
import { soak } from './soak.js';
import { addResults, readResults, writeResults } from './stored-results.js';
import { testedRevision } from './tested-revision.js';
import { writePrefixes } from './write-prefixes.js';

let wasInterrupted = false;
process.once('SIGINT', () => (wasInterrupted = true));
process.once('SIGTERM', () => (wasInterrupted = true));

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** How each scenario is run. */
function scenariosOf(
  options: ReliabilityOptions,
): Readonly<Record<ScenarioName, (run: ScenarioRun) => Promise<Figures | undefined>>> {
  return {
    'kill -9 under mixed load': (run) => kills(options.kills, run),
    'stops under mixed load': (run) => stops(options.stops, run),
    'write prefixes': (run) => writePrefixes(options.prefixes, run),
    'failed syncs': (run) => failedSyncs(options.syncs, run),
    'flipped bits': (run) => bitRot(options.flips, run),
    'full disks': (run) => fullDisks(options.fills, run),
    overload: (run) => overload({ seconds: options.overloadSeconds }, run),
    'backups under load': (run) => backups(options.backups, run),
    'restarts by size': (run) =>
      restarts(
        {
          studies: options.restartStudies,
          store: options.restartStore,
          rounds: options.restarts + 1,
        },
        run,
      ),
    soak: (run) => soak({ minutes: options.soakMinutes, clients: 4, pauseMs: 20 }, run),
  };
}

/**
 * Runs the scenarios that the command line names, with as many repetitions as it says, or as many as there is time for or come
 * before SIGINT, and writes their figures into docs/RELIABILITY.md.
 */
async function main(args: readonly string[]): Promise<void> {
  const options = parseReliabilityOptions(args);
  if (options === undefined) {
    process.stdout.write(reliabilityUsage);
    return;
  }
  const scenarios = scenariosOf(options);
  for (const name of scenarioNames) {
    if (wasInterrupted || !options.only.includes(name)) continue;
    tell(`# ${name}`);
    await runScenario(name, scenarios[name], options);
  }
}

async function runScenario(
  name: ScenarioName,
  scenario: (run: ScenarioRun) => Promise<Figures | undefined>,
  { isAdded, minutesMax }: ReliabilityOptions,
): Promise<void> {
  const before = isAdded ? readResults()[name] : undefined;
  const revision = testedRevision();
  const { cpuModel, cpuCount, nodeVersion } = readEnvironment();
  const machine = `${cpuCount} × ${cpuModel}, Node.js ${nodeVersion}`;
  const startedAtMs = Date.now();
  const loads = [loadavg()[0]!];
  const keep = (figures: Figures): void => {
    loads.push(loadavg()[0]!);
    const run = {
      date: new Date(startedAtMs).toISOString().slice(0, 10),
      revision,
      seconds: Math.round((Date.now() - startedAtMs) / 1000),
      loadAverageMax: Math.max(...loads),
    };
    const result = { machine, runs: [run], figures };
    const whole = before === undefined ? result : addResults(before, result);
    writeResults({ ...readResults(), [name]: whole });
  };
  const figures = await scenario({
    progress: (text, soFar) => {
      tell(text);
      if (soFar !== undefined) keep(soFar);
    },
    isOver: () => wasInterrupted || Date.now() > startedAtMs + minutesMax * 60_000,
  });
  if (figures === undefined) tell('SKIPPED: it needs the right to mount a file system');
  else keep(figures);
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  tell(`reliability: ${(error as Error).message}`);
  process.exitCode = 1;
}
