import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { fileURLToPath } from 'node:url';
import { isLoopbackOnly, runLoopbackOnly } from '#bench/peers/network-namespace.js';
import { repositoryRoot } from './repository.js';

/**
 * Runs suites (folders of dist/test) one after another and sums their tests: `node dist/test/helpers/run-tests.js [suite…]`,
 * every suite when none is named. The last line is the sum, alone: `N passed, N failed, N skipped`. The exit code is 0 only when
 * tests ran and none failed.
 */

/** In order of cost; folders that are not named here come last, so that no test is left out. */
const suiteOrder = ['unit', 'contract', 'property', 'architecture', 'integration', 'differential'];
/** Suites that judge memory, stalls or a whole machine of load: one file at a time. */
const serialSuites: ReadonlySet<string> = new Set(['bench', 'fault', 'reliability']);

/** Suites that start programs of others, some of which listen on every interface: they run where there is only loopback. */
const loopbackSuites: ReadonlySet<string> = new Set(['interop']);
/** Names the file that such a run leaves its sum in. */
const sumFileVariable = 'GANTRY_TEST_SUM_FILE';

const fileTimeoutMs = 300_000;

interface Sum {
  passed: number;
  failed: number;
  skipped: number;
}

async function runSuites(names: readonly string[]): Promise<Sum> {
  const sum: Sum = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of names.length === 0 ? listSuites() : names) {
    const files = findTestFiles(suite);
    if (files.length === 0) continue;
    if (loopbackSuites.has(suite) && (await runLoopbackSuite(suite, sum))) continue;
    console.log(`\n# ${suite}: ${files.length} files`);
    await runFiles(files, serialSuites.has(suite) ? 1 : availableParallelism(), sum);
  }
  return sum;
}

/** Runs a suite in a network namespace of its own; false where it is in one, or the system permits none. */
async function runLoopbackSuite(suite: string, sum: Sum): Promise<boolean> {
  if (isLoopbackOnly()) return false;
  const directory = mkdtempSync(join(tmpdir(), 'gantry-test-sum-'));
  const sumFile = join(directory, 'sum.json');
  process.env[sumFileVariable] = sumFile;
  try {
    await runLoopbackOnly(process.execPath, [fileURLToPath(import.meta.url), suite]);
    const part = JSON.parse(readFileSync(sumFile, 'utf8')) as Sum;
    sum.passed += part.passed;
    sum.failed += part.failed;
    sum.skipped += part.skipped;
    return true;
  } catch (error) {
    console.log(`${suite} runs beside the network interfaces of this machine: ${String(error)}`);
    return false;
  } finally {
    delete process.env[sumFileVariable];
    rmSync(directory, { recursive: true, force: true });
  }
}

function listSuites(): string[] {
  const folders = readdirSync(join(repositoryRoot, 'test'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  return [...new Set([...suiteOrder, ...folders])];
}

/** Built tests whose source is still there: the compiler leaves behind what it built from files that are gone. */
function findTestFiles(suite: string): string[] {
  const folder = join(repositoryRoot, 'dist/test', suite);
  const sources = join(repositoryRoot, 'test', suite);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(
      (path) => path.endsWith('.test.js') && existsSync(join(sources, path.replace(/js$/, 'ts'))),
    )
    .map((path) => join(folder, path))
    .sort();
}

interface ReportedEvent {
  readonly type: string;
  readonly data: { readonly message?: string };
}

async function runFiles(files: string[], concurrency: number, sum: Sum): Promise<void> {
  const events = run({ files, concurrency, timeout: fileTimeoutMs });
  events.on('test:pass', ({ name, file, skip, todo, details }) => {
    if (details.type === 'suite') return;
    // a file is reported as a test of its own only when it has ended without reporting any
    if (name === file) {
      console.log(`\n${file} ran no test`);
      sum.failed++;
    } else if (skip === undefined && todo === undefined) sum.passed++;
    else sum.skipped++;
  });
  events.on('test:fail', ({ todo, details }) => {
    if (details.type === 'suite') return;
    if (todo === undefined) sum.failed++;
    else sum.skipped++;
  });
  // the reporter's own counts, one block a suite, would be read for the sum
  const isCount = ({ type, data }: ReportedEvent): boolean =>
    type === 'test:diagnostic' &&
    /^(tests|suites|pass|fail|cancelled|skipped|todo) \d+$/.test(data.message ?? '');
  const report = events
    .filter((event: ReportedEvent) => !isCount(event))
    .compose(new spec()) as AsyncIterable<unknown>;
  for await (const text of report) process.stdout.write(String(text));
}

const sum = await runSuites(process.argv.slice(2));
const sumFile = process.env[sumFileVariable];
if (sumFile === undefined)
  console.log(`\n${sum.passed} passed, ${sum.failed} failed, ${sum.skipped} skipped`);
else writeFileSync(sumFile, JSON.stringify(sum));
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
