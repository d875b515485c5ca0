import type { Figures } from './scenario.js';

/** The last run of each scenario. */
export type StoredResults = Record<
  string,
  {
    readonly date: string;
    readonly machine: string;
    readonly seconds: number;
    readonly figures: Figures;
  }
>;

const head = `# Reliability

What was done to the store, and what came of it. \`make reliability\` runs all of it and writes this page; \`make reliability
ARGS='--only "flipped bits" --flips 500'\` runs a part. Short forms of the scenarios run with the tests
(\`test/reliability\`). Full disks, killed processes during replacement, deletion, undelete and compaction, and syncs that fail in RocksDB (with
\`strace\`) are tests of their own in \`test/integration/store\`.

`;

const descriptions: Readonly<Record<string, string>> = {
  'kill -9 under mixed load':
    'Four clients store by STOW-RS and C-STORE, search, read frames, delete and store again; the server is killed at a random moment, started again, and everything that was acknowledged is looked at.',
  'write prefixes':
    'The writes and syncs of the store thread are recorded; the store is opened as a power cut behind any of them would have left it, with what was not synced kept, dropped, or torn.',
  'failed syncs':
    'The n-th sync of a segment, a spilled instance, the directory or a batch fails with EIO, n from 1 to 14 in turn.',
  'flipped bits':
    'One bit at a random place of a file of the store, one at a time. Flips that no read meets are in padding, in what no instance refers to, or in what verify and the rebuilding of the index find.',
  'full disks':
    'A file system of 96 MiB is filled by STOW-RS until it is refused, read from and searched, given 24 MiB, and must take instances again without a restart; then the study is deleted and all begins anew. Half of the fills keep a reserve, half use the last byte.',
  overload:
    'Six senders by STOW-RS and two by C-STORE, each with an instance of 512 KiB under way, then ten times as many that offer ten times what was stored, then as many as before. The server may use 32 MiB for what it receives. Load and server share the machine.',
  soak: 'The same mixed load for a long time, each client keeping 300 instances. Slopes are those of a line through the samples behind the first quarter.',
};

export function reportText(results: StoredResults): string {
  return head + Object.entries(results).map(sectionOf).join('\n');
}

function sectionOf([name, { date, machine, seconds, figures }]: [
  string,
  StoredResults[string],
]): string {
  const rows = Object.entries(figures).map(
    ([what, value]) => `| ${what} | ${typeof value === 'number' ? rounded(value) : value} |`,
  );
  return `## ${name[0]!.toUpperCase()}${name.slice(1)}

${descriptions[name] ?? ''}

${date}, ${Math.round(seconds / 60)} min; ${machine}.

| figure | value |
| --- | --- |
${rows.join('\n')}
`;
}

function rounded(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString('en-US') : value.toFixed(1);
}
