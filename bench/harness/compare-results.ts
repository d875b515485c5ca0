import { type BenchResult, type CellResult, cellKey } from './bench-result.js';

/** How one case changed between two results. */
export interface CaseChange {
  readonly key: string;
  /** What is compared: throughput, or throughput over that of a peer in the same run. */
  readonly basis: string;
  readonly base: number;
  readonly head: number;
  /** Share by which head is above (positive) or below base. */
  readonly change: number;
  /** A change of no more than this share means nothing. */
  readonly noise: number;
  readonly verdict: 'faster' | 'slower' | 'same' | 'errors';
}

/** Value of a case in one result and the share by which its repetitions scatter around the median. */
interface Measurement {
  readonly value: number;
  readonly scatter: number;
  readonly errorCount: number;
}

/**
 * Compares the first peer, the subject, of two results case by case. When both runs had the same second peer beside it, the
 * ratios to that peer are compared: they hold across days and machines where absolute figures do not.
 *
 * @param noiseMin least share that counts as a change; repetitions that scatter more raise it
 * @returns one entry for each case that both results hold
 */
export function compareResults(
  base: BenchResult,
  head: BenchResult,
  noiseMin: number,
): readonly CaseChange[] {
  const reference = base.peers[1]?.name;
  const sharesPeer = reference !== undefined && reference === head.peers[1]?.name;
  const baseCases = measurements(base, sharesPeer);
  return [...measurements(head, sharesPeer)].flatMap(([key, headCase]) => {
    const baseCase = baseCases.get(key);
    if (baseCase === undefined) return [];
    const change = headCase.value / baseCase.value - 1;
    const noise = Math.max(noiseMin, baseCase.scatter, headCase.scatter);
    return [
      {
        key,
        basis: sharesPeer ? `ratio to ${reference}` : 'units/s',
        base: baseCase.value,
        head: headCase.value,
        change,
        noise,
        verdict: judge(change, noise, headCase.errorCount),
      },
    ];
  });
}

function measurements(result: BenchResult, asRatio: boolean): ReadonlyMap<string, Measurement> {
  const [subject, reference] = result.peers;
  const find = (name: string | undefined, key: string): CellResult | undefined =>
    result.cells.find((cell) => cell.peer === name && cellKey(cell) === key);
  const found = new Map<string, Measurement>();
  for (const cell of result.cells.filter((candidate) => candidate.peer === subject?.name)) {
    const key = cellKey(cell);
    const other = asRatio ? find(reference?.name, key) : undefined;
    if (asRatio && other === undefined) continue;
    found.set(key, {
      value: cell.unitsPerSecond / (other?.unitsPerSecond ?? 1),
      scatter: scatterOf(cell) + (other === undefined ? 0 : scatterOf(other)),
      errorCount: cell.load.errorCount,
    });
  }
  return found;
}

function scatterOf(cell: CellResult): number {
  const runs = cell.unitsPerSecondRuns;
  return (Math.max(...runs) - Math.min(...runs)) / 2 / cell.unitsPerSecond;
}

function judge(change: number, noise: number, errorCount: number): CaseChange['verdict'] {
  if (errorCount > 0 || !Number.isFinite(change)) return 'errors';
  if (Math.abs(change) <= noise) return 'same';
  return change > 0 ? 'faster' : 'slower';
}
