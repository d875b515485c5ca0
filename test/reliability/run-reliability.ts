import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readEnvironment } from '#bench/harness/environment-record.js';
import { repositoryRoot } from '#test/helpers/repository.js';
import { bitRot } from './bit-rot.js';
import { failedSyncs } from './failed-syncs.js';
import { fullDisks } from './full-disks.js';
import { kills } from './kills.js';
import { overload } from './overload.js';
import { reportText, type StoredResults } from './report-text.js';
import type { Figures, ScenarioRun } from './scenario.js';
import { soak } from './soak.js';
import { writePrefixes } from './write-prefixes.js';

/**
 * Runs the scenarios, all or those of `--only` (a list with commas), with as many repetitions as `--kills`, `--flips` … say, or
 * as many as `--minutes-max` leaves time for, and writes their figures into docs/RELIABILITY.md beside those of scenarios that ran
 * before.
 */
const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    'minutes-max': { type: 'string', default: 'Infinity' },
    kills: { type: 'string', default: '100' },
    prefixes: { type: 'string', default: '10000' },
    syncs: { type: 'string', default: '500' },
    'overload-seconds': { type: 'string', default: '300' },
    fills: { type: 'string', default: '200' },
    flips: { type: 'string', default: '10000' },
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
  soak: (run) => soak({ minutes: Number(values.minutes), clients: 4, pauseMs: 20 }, run),
};

const progress = (text: string): void => void process.stderr.write(`${text}\n`);
const resultsPath = join(repositoryRoot, 'docs/reliability-results.json');
const reportPath = join(repositoryRoot, 'docs/RELIABILITY.md');
const results: StoredResults = existsSync(resultsPath)
  ? (JSON.parse(readFileSync(resultsPath, 'utf8')) as StoredResults)
  : {};
const { cpuModel, cpuCount, gitRevision, nodeVersion } = readEnvironment();
const wanted = values.only?.split(',');
for (const [name, scenario] of Object.entries(scenarios)) {
  if (wanted !== undefined && !wanted.includes(name)) continue;
  progress(`# ${name}`);
  const startedAtMs = Date.now();
  const endsAtMs = startedAtMs + Number(values['minutes-max']) * 60_000;
  const loads: number[] = [];
  const sampling = setInterval(() => loads.push(loadavg()[0]!), 10_000);
  const figures = await scenario({ progress, isOver: () => Date.now() > endsAtMs });
  clearInterval(sampling);
  if (figures === undefined) {
    progress('SKIPPED: it needs the right to mount a file system');
    continue;
  }
  const date = new Date(startedAtMs).toISOString().slice(0, 10);
  const load = Math.max(...loads, loadavg()[0]!).toFixed(0);
  const machine =
    `${cpuCount} × ${cpuModel}, Node.js ${nodeVersion}, revision ${gitRevision}, ` +
    `load average up to ${load}`;
  results[name] = {
    date,
    machine,
    seconds: Math.round((Date.now() - startedAtMs) / 1000),
    figures,
  };
  writeFileSync(resultsPath, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(reportPath, reportText(results));
}
