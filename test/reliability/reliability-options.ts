import { parseArgs } from 'node:util';

/** Scenarios in the order they run, by the names that `--only` takes. */
export const scenarioNames = [
  'kill -9 under mixed load',
  'stops under mixed load',
  'write prefixes',
  'failed syncs',
  'flipped bits',
  'full disks',
  'overload',
  'backups under load',
  'restarts by size',
  'soak',
] as const;

/** One of {@link scenarioNames}. */
export type ScenarioName = (typeof scenarioNames)[number];

/** What the command line says. */
export interface ReliabilityOptions {
  readonly only: readonly ScenarioName[];
  /** Whether figures are added to those of earlier runs. */
  readonly isAdded: boolean;
  readonly minutesMax: number;
  readonly kills: number;
  readonly stops: number;
  readonly prefixes: number;
  readonly syncs: number;
  readonly overloadSeconds: number;
  readonly fills: number;
  readonly flips: number;
  readonly backups: number;
  readonly restarts: number;
  readonly restartStudies: number;
  /** Data directory with as many studies; undefined to make one. */
  readonly restartStore: string | undefined;
  readonly soakMinutes: number;
}

/** Text of `--help`. */
export const reliabilityUsage = `Usage: run-reliability.js [options]
  Runs the scenarios and writes their figures into docs/RELIABILITY.md, beside those of scenarios that ran before.
  --only LIST           comma-separated: ${scenarioNames.slice(0, 4).join(', ')},
                        ${scenarioNames.slice(4).join(', ')}
  --add                 add the figures to those of the same scenario's earlier runs, of which the page then names every revision
  --minutes-max N       end each scenario behind the repetition under way after N minutes
  --kills N             default 100
  --stops N             default 100
  --prefixes N          at most so many prefixes of the recorded writes (default 10,000)
  --syncs N             syncs made to fail (default 500)
  --flips N             default 10,000
  --fills N             full disks (default 200)
  --overload-seconds N  default 300
  --backups N           default 20
  --restarts N          default 50
  --restart-studies N   default 1,000,000
  --restart-store DIR   data directory with so many studies, made before by the bench's generate.js; it is changed
  --minutes N           length of the soak (default 60)
`;

/**
 * Reads the command line.
 *
 * @returns undefined when only help was asked for
 * @throws Error for unknown options, scenarios or values
 */
export function parseReliabilityOptions(args: readonly string[]): ReliabilityOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      add: { type: 'boolean', default: false },
      'minutes-max': { type: 'string' },
      kills: { type: 'string', default: '100' },
      stops: { type: 'string', default: '100' },
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
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  return {
    only: values.only === undefined ? scenarioNames : values.only.split(',').map(scenarioNamed),
    isAdded: values.add,
    minutesMax: values['minutes-max'] === undefined ? Infinity : count(values['minutes-max']),
    kills: count(values.kills),
    stops: count(values.stops),
    prefixes: count(values.prefixes),
    syncs: count(values.syncs),
    overloadSeconds: count(values['overload-seconds']),
    fills: count(values.fills),
    flips: count(values.flips),
    backups: count(values.backups),
    restarts: count(values.restarts),
    restartStudies: count(values['restart-studies']),
    restartStore: values['restart-store'],
    soakMinutes: count(values.minutes),
  };
}

function scenarioNamed(text: string): ScenarioName {
  const found = scenarioNames.find((name) => name === text.trim());
  if (found === undefined) {
    throw new Error(`unknown scenario: ${text}; there are ${scenarioNames.join(', ')}`);
  }
  return found;
}

function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new Error(`no number from 1: ${text}`);
  return value;
}
