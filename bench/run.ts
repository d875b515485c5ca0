import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { makeReadCorpora, type ReadCorpusName } from './corpus/corpora.js';
import { type BenchResult, type CellResult, writeBenchResult } from './harness/bench-result.js';
import { readEnvironment } from './harness/environment-record.js';
import { measureInterleaved } from './harness/measure-cell.js';
import { measureRawLimits } from './harness/raw-limits.js';
import {
  formatCells,
  formatLimits,
  formatSummary,
  formatTableHead,
} from './harness/result-table.js';
import { dcmqrscpLauncher } from './peers/dcmqrscp.js';
import { dcmtkLauncher } from './peers/dcmtk.js';
import { gantryGeneratedLauncher, gantryLauncher, gantryValuesLauncher } from './peers/gantry.js';
import { isLoopbackOnly, runLoopbackOnly } from './peers/network-namespace.js';
import { orthancGdcmLauncher, orthancLauncher } from './peers/orthanc.js';
import type { PeerLauncher, RunningPeer } from './peers/peer.js';
import { readLogTail } from './peers/server-process.js';
import { parseRunOptions, RUN_USAGE, type RunOptions } from './run-options.js';
import { allTransactions, defaultTransactions } from './transactions/all-transactions.js';
import type { BenchCase, BenchTarget } from './transactions/bench-case.js';
import { loadCorpusCase } from './transactions/load-corpora.js';

const LAUNCHERS: readonly PeerLauncher[] = [
  gantryLauncher,
  gantryValuesLauncher,
  gantryGeneratedLauncher,
  orthancLauncher,
  orthancGdcmLauncher,
  dcmtkLauncher,
  dcmqrscpLauncher,
];
const RESULTS_FOLDER = fileURLToPath(new URL('../../bench/results', import.meta.url));
const EXIT_INTERRUPTED = 130;

/**
 * Runs the bench as the command line says.
 *
 * @returns the exit code: 0 only if every answer of the subject was right
 */
async function main(args: readonly string[]): Promise<number> {
  const options = parseRunOptions(args);
  if (options === undefined) {
    process.stdout.write(RUN_USAGE);
    return 0;
  }
  const launchers = options.peerNames.map(findLauncher);
  const cases = selectCases(options);
  const listening = [...launchers, ...cases];
  if (listening.some(({ bindsEveryInterface }) => bindsEveryInterface) && !isLoopbackOnly())
    return runLoopbackOnly(process.execPath, [fileURLToPath(import.meta.url), ...args]);

  const workDirectory = mkdtempSync(join(options.workDirectory ?? tmpdir(), 'gantry-bench-'));
  const peers: RunningPeer[] = [];
  const stopAll = async (): Promise<void> => {
    await Promise.all(peers.map((peer) => peer.stop()));
    rmSync(workDirectory, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void stopAll().finally(() => process.exit(EXIT_INTERRUPTED)));
  try {
    const corpora = makeReadCorpora(options.scale);
    const generated = { corpus: corpora.generated, directory: options.storeDirectory };
    for (const launcher of launchers) {
      const directory = mkdtempSync(join(workDirectory, `${launcher.name}-`));
      peers.push(await launcher.launch(directory, generated));
    }
    const limits = await measureRawLimits(workDirectory, options.scale.cellDurationMaxMs);
    process.stdout.write(`${formatLimits(limits)}\n`);
    const targets = peers.map((peer): BenchTarget => ({ peer, corpora, scale: options.scale }));
    const result = { ...(await runCases(cases, targets, options)), limits };
    return report(result, options);
  } catch (error) {
    for (const { record, logFile } of peers)
      process.stderr.write(`the log of ${record.name} ends with:\n${readLogTail(logFile)}\n`);
    throw error;
  } finally {
    await stopAll();
  }
}

async function runCases(
  cases: readonly BenchCase[],
  targets: readonly BenchTarget[],
  options: RunOptions,
): Promise<BenchResult> {
  const startedAt = new Date().toISOString();
  const loaded = new Set<ReadCorpusName>();
  const cells: CellResult[] = [];
  const measure = async (
    benchCase: BenchCase,
    measuredTargets: readonly BenchTarget[],
    repetitions: number,
  ): Promise<void> => {
    const measured = await measureInterleaved(benchCase, measuredTargets, repetitions);
    process.stdout.write(`${formatCells(measured)}\n`);
    cells.push(...measured);
  };
  process.stdout.write(`${formatTableHead()}\n`);
  for (const benchCase of cases) {
    const serving = targets.filter(
      ({ peer }) => peer.transactions?.includes(benchCase.transaction) ?? true,
    );
    for (const corpusName of benchCase.needs.filter((name) => !loaded.has(name))) {
      const lacking = serving.filter(({ peer }) => !peer.holds.includes(corpusName));
      await measure(loadCorpusCase(corpusName), lacking, 1);
      loaded.add(corpusName);
    }
    await measure(benchCase, serving, options.repetitions);
  }
  return {
    schemaVersion: 1,
    startedAt,
    scale: options.scale.name,
    environment: readEnvironment(),
    peers: targets.map(({ peer }) => peer.record),
    cells,
  };
}

function report(result: BenchResult, options: RunOptions): number {
  const name = [options.scale.name, ...options.peerNames, ...(options.only ?? [])].join('-');
  const fileName = `${name}-${result.environment.gitRevision}.json`;
  writeBenchResult(options.jsonFile ?? join(RESULTS_FOLDER, fileName), result);
  process.stdout.write(`${formatSummary(result)}\n`);
  // What others refuse or break at is shown in their lines; the exit code is about the subject.
  const [subject] = options.peerNames;
  const ofSubject = result.cells.filter(({ peer }) => peer === subject);
  return ofSubject.every(({ load }) => load.errorCount === 0) ? 0 : 1;
}

function findLauncher(name: string): PeerLauncher {
  const launcher = LAUNCHERS.find((candidate) => candidate.name === name);
  if (launcher === undefined) throw new Error(`unknown peer: ${name}`);
  return launcher;
}

function selectCases(options: RunOptions): readonly BenchCase[] {
  const names = options.only ?? defaultTransactions;
  return names.flatMap((name) => {
    const makeCases = allTransactions[name];
    if (makeCases === undefined) throw new Error(`unknown transaction: ${name}`);
    return makeCases(options.scale);
  });
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
