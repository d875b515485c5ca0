import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#test/helpers/repository.js';
import { reportText } from './report-text.js';
import { addFigures, type Figures } from './scenario.js';

/** One run of a scenario: when, of what, how long, and how busy the machine was besides. */
export interface StoredRun {
  readonly date: string;
  readonly revision: string;
  readonly seconds: number;
  readonly loadAverageMax: number;
}

/** What a scenario found, in one run or in several whose figures were added. */
export interface StoredResult {
  readonly machine: string;
  readonly runs: readonly StoredRun[];
  readonly figures: Figures;
}

/** By the name of the scenario. */
export type StoredResults = Readonly<Record<string, StoredResult>>;

const resultsPath = join(repositoryRoot, 'docs/reliability-results.json');
const reportPath = join(repositoryRoot, 'docs/RELIABILITY.md');

export function readResults(): StoredResults {
  if (!existsSync(resultsPath)) return {};
  return JSON.parse(readFileSync(resultsPath, 'utf8')) as StoredResults;
}

/** The figures, and the page that shows them. */
export function writeResults(results: StoredResults): void {
  writeFileSync(resultsPath, `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(reportPath, reportText(results));
}

/** The runs of both as one result. Throws when they were on other machines or measured other things. */
export function addResults(
  before: StoredResult,
  { machine, runs, figures }: StoredResult,
): StoredResult {
  if (before.machine !== machine) throw new Error(`the runs before were on ${before.machine}`);
  return {
    machine,
    runs: [...before.runs, ...runs],
    figures: addFigures(before.figures, figures),
  };
}
