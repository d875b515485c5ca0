import { quantile } from './process-figures.js';
import { scenarioNames, type ScenarioName } from './reliability-options.js';
import type { Figure } from './scenario.js';
import type { StoredResult, StoredResults, StoredRun } from './stored-results.js';

const head = `# Reliability

What was done to the store, and what came of it. \`make reliability\` runs all of it and writes this page; \`make reliability
ARGS='--only "flipped bits" --flips 500'\` runs a part. Short forms of the scenarios run with the tests
(\`test/reliability\`). Full disks, killed processes during replacement, deletion, undelete and compaction, and syncs that fail in RocksDB (with
\`strace\`) are tests of their own in \`test/integration/store\`; a disk that fails under a whole server is one in \`test/fault\`. Each
figure is of the number of repetitions that its table says. Long campaigns run in slices: with \`--minutes-max 10 --add\` the figures of a slice are
added to those of the slices before, and the page says how many there were, and of which revisions.

`;

const descriptions: Readonly<Record<ScenarioName, string>> = {
  'kill -9 under mixed load':
    'Four clients store by STOW-RS and C-STORE, search, read frames, delete and store again; the server is killed at a random moment of up to sixty operations, started again, and every instance of the studies under way and of two others is looked at. After 50 kills every study is, the directory is verified, and a new one begun. Two servers run at a time, so that the times of their restarts are those of a busy machine.',
  'stops under mixed load':
    'The same load and the same looks; the server gets SIGTERM instead, ends what is under way, and exits with 0.',
  'write prefixes':
    'The writes and syncs of the store thread are recorded; the store is opened as a power cut behind any of them would have left it, with what was not synced kept, dropped, or torn.',
  'failed syncs':
    'The n-th sync of a segment, a spilled instance, the directory or a batch fails with EIO, n from 1 to 14 in turn.',
  'flipped bits':
    'One bit at a random place of a file of the store, one at a time; then the store is opened, all of it read and, when no read minded, verified. Flips that no read meets are in padding, in what no instance refers to, or in what verify and the rebuilding of the index find.',
  'full disks':
    'A file system of 96 MiB is filled by STOW-RS until it is refused, read from and searched, given 24 MiB, and must take instances again without a restart; then the study is deleted and all begins anew. Half of the fills keep a reserve, half use the last byte.',
  overload:
    'Six senders by STOW-RS, each with a request of 50 instances of 10 KiB under way, and two by C-STORE, with one; then ten times as many; then twenty times as many that offer ten times what was stored; then as many as before. Requests wait a second for room before they are refused. What was refused is offered again; its bodies are received all the same, half a gigabyte a second. The server may use 32 MiB for what it receives. Load and server share the machine; the load has the lower priority.',
  'backups under load':
    'Six senders by STOW-RS and two by C-STORE store instances of 512 KiB as fast as they are taken, while the server is backed up again and again. The writer stands still while the files of the catalogue get a second name.',
  'restarts by size':
    'A server on a store and one on a store with a hundred times as many studies of one instance are killed and started again in turn; the time is that from the start of the process to 200 of /readyz.',
  soak: 'The same mixed load for a long time, each client keeping 300 instances. Slopes are those of a line through the samples behind the first quarter. Deletions can be taken back for ten seconds here.',
};

export function reportText(results: StoredResults): string {
  const known = scenarioNames.flatMap((name) => {
    const result = results[name];
    return result === undefined ? [] : [sectionOf(name, result)];
  });
  return head + known.join('\n');
}

function sectionOf(name: ScenarioName, { machine, runs, figures }: StoredResult): string {
  const rows = Object.entries(figures)
    .flatMap(([what, figure]) => rowsOf(what, figure))
    .map(([what, value]) => `| ${what} | ${value} |`);
  return `## ${name[0]!.toUpperCase()}${name.slice(1)}

${descriptions[name]}

${runsText(runs)}; ${machine}.

| figure | value |
| --- | --- |
${rows.join('\n')}
`;
}

function runsText(runs: readonly StoredRun[]): string {
  const dates = [...new Set(runs.map(({ date }) => date))].join(', ');
  const revisions = [...new Set(runs.map(({ revision }) => revision))];
  const minutes = runs.reduce((sum, { seconds }) => sum + seconds, 0) / 60;
  const load = Math.max(...runs.map(({ loadAverageMax }) => loadAverageMax));
  const count = runs.length === 1 ? '' : `${runs.length} runs added, `;
  const revision = revisions.length === 1 ? 'revision' : 'revisions';
  return `${dates}, ${count}${minutes.toFixed(0)} min, ${revision} ${revisions.join(', ')}, load average up to ${load.toFixed(0)}`;
}

function rowsOf(what: string, figure: Figure): [what: string, value: string][] {
  if (typeof figure === 'string') return [[what, figure]];
  if (typeof figure === 'number') return [[what, rounded(figure)]];
  if ('most' in figure) return [[what, rounded(figure.most)]];
  if ('least' in figure) return [[what, rounded(figure.least)]];
  // Counts may have commas, too.
  const unitAt = what.lastIndexOf(', ');
  const [name, unit] = [what.slice(0, unitAt), what.slice(unitAt + 2)];
  return [0.5, 0.99].map((share) => [
    `${name} p${share * 100}, ${unit}`,
    rounded(quantile(figure.samples, share)),
  ]);
}

function rounded(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(1);
}
