import { parseArgs } from 'node:util';

import { scales, type Scale, type ScaleName } from './run-scale.js';

/** What the command line of the bench says. */
export interface RunOptions {
  /** Peers by name; the first is the subject, whose ratio to the others is printed. */
  readonly peerNames: readonly string[];
  /** Transactions to run; undefined for all. */
  readonly only: readonly string[] | undefined;
  readonly scale: Scale;
  readonly repetitions: number;
  /** Result file; undefined for the default name. */
  readonly jsonFile: string | undefined;
  /** Folder for the peers' data; undefined for the system's temporary folder. */
  readonly workDirectory: string | undefined;
  /** Data directory with the scale's generated studies, made by generate.js; undefined to make one. */
  readonly storeDirectory: string | undefined;
}

/** Text of `--help`. */
export const RUN_USAGE = `Usage: run.js [options]
  --subject NAME     server under test: gantry (default), gantry-values (instances as RocksDB values),
                     gantry-generated (starts with --studies studies in its store), orthanc or orthanc-gdcm
  --peer NAME        server to compare with, in the same run; may be repeated; also dcmtk (storescp, cstore only)
                     and dcmqrscp (cfind and cmove only)
  --only LIST        comma-separated: qido, cfind, frames, compressed, metadata, retrieve, cmove, rendered, stow,
                     cstore, and, which are left out by default, large: searches among --studies studies, and
                     extremes: very many instances or frames, slow clients
  --scale NAME       tiny, small (default) or full
  --studies N        generated studies (default: 20,000 at scale small, 1,000,000 at full)
  --store FOLDER     data directory with these studies for gantry-generated, made before by generate.js; it is changed
  --repetitions N    run each cell N times, interleaved; the median counts (default 1)
  --json FILE        result file (default bench/results/<name>-<revision>.json)
  --work-dir FOLDER  where the servers keep their data while the bench runs
`;

const REPETITIONS_MAX = 20;
const GENERATED_STUDIES_MAX = 10_000_000;

/**
 * Reads the command line.
 *
 * @returns undefined when only help was asked for
 * @throws Error for unknown options or values
 */
export function parseRunOptions(args: readonly string[]): RunOptions | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      subject: { type: 'string', default: 'gantry' },
      peer: { type: 'string', multiple: true, default: [] },
      only: { type: 'string' },
      scale: { type: 'string', default: 'small' },
      repetitions: { type: 'string', default: '1' },
      json: { type: 'string' },
      'work-dir': { type: 'string' },
      studies: { type: 'string' },
      store: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  if (!Object.hasOwn(scales, values.scale)) throw new Error(`unknown scale: ${values.scale}`);
  const repetitions = Number(values.repetitions);
  if (!Number.isInteger(repetitions) || repetitions < 1 || repetitions > REPETITIONS_MAX)
    throw new Error(`--repetitions must be 1 to ${REPETITIONS_MAX}`);
  const scale = scales[values.scale as ScaleName];
  const generatedStudyCount =
    values.studies === undefined ? scale.generatedStudyCount : parseStudyCount(values.studies);
  return {
    peerNames: [...new Set([values.subject, ...values.peer])],
    only: values.only?.split(','),
    scale: { ...scale, generatedStudyCount },
    repetitions,
    jsonFile: values.json,
    workDirectory: values['work-dir'],
    storeDirectory: values.store,
  };
}

/** @throws Error when it is no sensible number */
export function parseStudyCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > GENERATED_STUDIES_MAX)
    throw new Error(`--studies must be 1 to ${GENERATED_STUDIES_MAX}`);
  return count;
}
