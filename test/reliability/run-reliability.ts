import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { readEnvironment } from '#bench/harness/environment-record.js';
import { backups } from './backups.js';
import { bitRot } from './bit-rot.js';
import { failedSyncs } from './failed-syncs.js';
import { fullDisks } from './full-disks.js';
import { kills } from './kills.js';
import { overload } from './overload.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { restarts } from './restarts.js';
import { soak } from './soak.js';
import { addResults, readResults, writeResults } from './stored-results.js';
import { testedRevision } from './tested-revision.js';
import { writePrefixes } from './write-prefixes.js';

/**
 * Runs the scenarios, all or those of `--only` (a list with commas), with as many repetitions as `--kills`, `--flips` … say, or
 * as many as `--minutes-max` leaves time for or come before SIGINT, and writes their figures into docs/RELIABILITY.md beside those
 * of scenarios that ran before. With `--add` they are added to those of the same scenario's earlier runs, of which the page then
 * names every revision.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    add: { type: 'boolean', default: false },
    'minutes-max': { type: 'string', default: 'Infinity' },
    kills: { type: 'string', default: '100' },
    prefixes: { type: 'string', default: '10000' },
    syncs: { type: 'string', default: '500' },
    'overload-seconds': { type: 'string', default: '300' },
    fills: { type: 'string', default: '200' },
    flips: { type: 'string', default: '10000' },
    backups: { type: 'string', default: '20' },
    restarts: { type: 'string', default: '50' },
    'restart-studies': { type: 'string', default: '1000000' },
    'restart-store': { type: 'string' },
    minutes: { type: 'string', default: '60' },
  },
});

const scenarios: Readonly<Record<string, (run: ScenarioRun) => Promise<Figures | undefined>>> = {
  'kill -9 under mixed load': (run) => kills(Number(values.kills), run),
  'write prefixes': (run) => writePrefixes(Number(values.prefixes), run),
  'failed syncs': (run) => failedSyncs(Number(values.syncs), run),
  'flipped bits': (run) => bitRot(Number(values.flips), run),
  'full disks': (run) => fullDisks(Number(values.fills), run),
  overload: (run) => overload({ seconds: Number(values['overload-seconds']) }, run),
  'backups under load': (run) => backups(Number(values.backups), run),
  'restarts by size': (run) =>
    restarts(
      {
        studies: Number(values['restart-studies']),
        store: values['restart-store'],
        rounds: Number(values.restarts) + 1,
      },
      run,
    ),
  soak: (run) => soak({ minutes: Number(values.minutes), clients: 4, pauseMs: 20 }, run),
};

let wasInterrupted = false;
process.once('SIGINT', () => (wasInterrupted = true));
process.once('SIGTERM', () => (wasInterrupted = true));

const tell = (text: string): void => void process.stderr.write(`${text}\n`);
const { cpuModel, cpuCount, nodeVersion } = readEnvironment();
const machine = `${cpuCount} × ${cpuModel}, Node.js ${nodeVersion}`;
const revision = testedRevision();
const wanted = values.only?.split(',');
for (const [name, scenario] of Object.entries(scenarios)) {
  if (wasInterrupted || (wanted !== undefined && !wanted.includes(name))) continue;
  tell(`# ${name}`);
  const before = values.add ? readResults()[name] : undefined;
  const startedAtMs = Date.now();
  const endsAtMs = startedAtMs + Number(values['minutes-max']) * 60_000;
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
    isOver: () => wasInterrupted || Date.now() > endsAtMs,
  });
  if (figures === undefined) tell('SKIPPED: it needs the right to mount a file system');
  else keep(figures);
}
