import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { type BenchResult, readBenchResult } from './harness/bench-result.js';
import { compareResults } from './harness/compare-results.js';
import { formatFigure } from './harness/format-figure.js';
import { readEnvironment } from './harness/environment-record.js';

const RESULTS_FOLDER = fileURLToPath(new URL('../../bench/results', import.meta.url));
const USAGE = `Usage: compare.js [options] [BASE_FILE HEAD_FILE]
  --base REVISION   compare the results of this revision …
  --head REVISION   … with those of this one (default: the work tree's)
  --noise SHARE     least change that counts (default 0.1)
Ends with 1 when a case became slower beyond the noise or had errors.
`;
const REVISION_DIGITS = 10;

/** Compares pairs of result files and prints what changed; returns the exit code. */
function main(args: readonly string[]): number {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      base: { type: 'string' },
      head: { type: 'string' },
      noise: { type: 'string', default: '0.1' },
      help: { type: 'boolean', default: false },
    },
  });
  const noiseMin = Number(values.noise);
  const isPairNamed = positionals.length === 2 || values.base !== undefined;
  if (values.help || !isPairNamed || !(noiseMin >= 0)) {
    process.stdout.write(USAGE);
    return values.help ? 0 : 2;
  }
  const pairs =
    values.base === undefined
      ? [[positionals[0] as string, positionals[1] as string] as const]
      : findPairs(values.base, values.head);
  if (pairs.length === 0)
    throw new Error('no result of both revisions; run the bench at each of them');
  const verdicts = pairs.flatMap(([baseFile, headFile]) =>
    printComparison(readBenchResult(baseFile), readBenchResult(headFile), noiseMin),
  );
  return verdicts.some((verdict) => verdict === 'slower' || verdict === 'errors') ? 1 : 0;
}

/** Result files of the same name from two revisions. */
function findPairs(base: string, head: string | undefined): readonly (readonly [string, string])[] {
  const baseEnd = `-${abbreviate(base)}.json`;
  const headRevision = head === undefined ? readEnvironment().gitRevision : abbreviate(head);
  if (!existsSync(RESULTS_FOLDER)) return [];
  return readdirSync(RESULTS_FOLDER)
    .filter((file) => file.endsWith(baseEnd))
    .map((file) => {
      const headFile = `${file.slice(0, -baseEnd.length)}-${headRevision}.json`;
      return [join(RESULTS_FOLDER, file), join(RESULTS_FOLDER, headFile)] as const;
    })
    .filter(([, headFile]) => existsSync(headFile));
}

/** The revision as it stands in file names; text that git does not know is taken as it is. */
function abbreviate(revision: string): string {
  try {
    const command = [
      'rev-parse',
      `--short=${REVISION_DIGITS}`,
      '--verify',
      '--end-of-options',
      revision,
    ];
    return execFileSync('git', command, { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return revision;
  }
}

function printComparison(
  base: BenchResult,
  head: BenchResult,
  noiseMin: number,
): readonly string[] {
  const [from, to] = [base.environment, head.environment];
  process.stdout.write(`${base.scale}: ${from.gitRevision} -> ${to.gitRevision}\n`);
  if (from.cpuModel !== to.cpuModel || from.cpuCount !== to.cpuCount)
    process.stdout.write('warning: the two runs were made on different machines\n');
  return compareResults(base, head, noiseMin).map((change) => {
    const share = `${change.change >= 0 ? '+' : ''}${(change.change * 100).toFixed(1)}%`;
    const figures = `${formatFigure(change.base)} -> ${formatFigure(change.head)} ${change.basis}`;
    const noise = `noise ${(change.noise * 100).toFixed(0)}%`;
    process.stdout.write(
      `${change.verdict.padEnd(7)} ${share.padStart(8)}  ${change.key}  (${figures}, ${noise})\n`,
    );
    return change.verdict;
  });
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench-compare: ${(error as Error).message}\n`);
  process.exitCode = 2;
}
