import { type BenchResult, type CellResult, cellKey } from './bench-result.js';
import { formatFigure } from './format-figure.js';
import type { RawLimit } from './raw-limits.js';

const COLUMNS: readonly (readonly [title: string, width: number])[] = [
  ['peer', 8],
  ['ops', 7],
  ['units/s', 9],
  ['MB/s', 7],
  ['p50 ms', 8],
  ['p95 ms', 8],
  ['p99 ms', 8],
  ['max ms', 8],
  ['errors', 6],
  ['CPU s', 6],
  ['RSS MiB', 7],
  ['loop p99', 8],
  ['client', 6],
];
const MEBIBYTE = 1024 * 1024;

/** Head of the table that {@link formatCells} fills. */
export function formatTableHead(): string {
  return `${COLUMNS.map(([title, width]) => title.padStart(width)).join(' ')}  ratio`;
}

/**
 * The lines of one case: its name, then one line per peer. The ratio in each line after the first is the throughput of the
 * first peer, the subject, over that of this line's peer.
 */
export function formatCells(cells: readonly CellResult[]): string {
  const subject = cells[0];
  if (subject === undefined) return '';
  const lines = [`${cellKey(subject)}  [${subject.unit}]`];
  for (const cell of cells) {
    const ratio =
      cell === subject ? '' : `  ${(subject.unitsPerSecond / cell.unitsPerSecond).toFixed(1)}x`;
    lines.push(formatCell(cell) + ratio);
    for (const sample of cell.load.errorSamples) lines.push(`    error: ${sample}`);
  }
  return lines.join('\n');
}

function formatCell(cell: CellResult): string {
  const { load, server, eventLoopDelay } = cell;
  const values = [
    cell.peer,
    String(load.latency.count),
    formatFigure(cell.unitsPerSecond),
    formatFigure(load.bytes / 1e6 / (load.durationMs / 1000)),
    formatFigure(load.latency.p50Ms),
    formatFigure(load.latency.p95Ms),
    formatFigure(load.latency.p99Ms),
    formatFigure(load.latency.maxMs),
    String(load.errorCount),
    server.cpuSeconds.toFixed(2),
    (server.rssPeakBytes / MEBIBYTE).toFixed(0),
    eventLoopDelay === undefined ? '-' : formatFigure(eventLoopDelay.p99Ms),
    `${(load.clientCpuShare * 100).toFixed(0)}%`,
  ];
  return values.map((value, column) => value.padStart(COLUMNS[column]?.[1] ?? 0)).join(' ');
}

/** One line for each limit of the machine. */
export function formatLimits(limits: readonly RawLimit[]): string {
  return limits
    .map(
      ({ name, unit, unitsPerSecond }) =>
        `limit: ${name}: ${formatFigure(unitsPerSecond)} ${unit}/s`,
    )
    .join('\n');
}

/** Totals of each peer over all cells, and what they ran on. */
export function formatSummary(result: BenchResult): string {
  const { environment: env } = result;
  const lines = [
    `${env.cpuModel}, ${env.cpuCount} cores, ${(env.memoryBytes / 1024 ** 3).toFixed(0)} GiB, Linux ${env.kernel}, Node ${env.nodeVersion}, revision ${env.gitRevision}`,
  ];
  for (const { name, version } of result.peers) {
    const cells = result.cells.filter((cell) => cell.peer === name);
    const sum = (value: (cell: CellResult) => number): number =>
      cells.reduce((total, cell) => total + value(cell), 0);
    const rssPeakBytes = Math.max(...cells.map((cell) => cell.server.rssPeakBytes));
    lines.push(
      `${name} (${version}): ${sum((cell) => cell.load.errorCount)} errors, ` +
        `${sum((cell) => cell.server.cpuSeconds).toFixed(1)} CPU s, ` +
        `peak RSS ${(rssPeakBytes / MEBIBYTE).toFixed(0)} MiB`,
    );
  }
  return lines.join('\n');
}
