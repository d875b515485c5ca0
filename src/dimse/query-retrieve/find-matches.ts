import { setImmediate as nextTurn } from 'node:timers/promises';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { Engine } from '#engine/engine-types.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import type { MatchedRecords } from '#engine/query/row-to-json.js';
import { keyText } from './identifier.js';
import type { FindRequest } from './find-request.js';
import type { Match, PatientCounts } from './query-keys.js';
import { patientCountTags } from './query-keys.js';

/** What query and retrieve use of the engine. */
export type QueryRetrieveEngine = Pick<
  Engine,
  | 'search'
  | 'instancePages'
  | 'retrieveInstance'
  | 'describeLayout'
  | 'instanceTranscodingRefusal'
  | 'transcodeInstance'
>;

/** UIDs of matches held at a time. */
const pageRows = 5_000;

/** Records read in one turn of the event loop, about a millisecond of work. */
const rowsPerPiece = 64;

/** Patients told apart in one query, of some 100 bytes each. */
const patientCountMax = 200_000;

const patientIdTag = '00100020';
const issuerTag = '00100021';

/**
 * The records that a query matches, a piece at a time and one turn of the event loop for each. Matches are looked up a page
 * after another; a study stored meanwhile may come late or be missed, as it may in any answer that is not a snapshot.
 *
 * Rejects as `Engine.search`, also when `signal` aborts a search under way.
 */
export async function* searchInPieces(
  engine: Pick<Engine, 'search'>,
  query: Omit<QueryExpression, 'limit' | 'offset'>,
  signal: AbortSignal,
): AsyncGenerator<readonly MatchedRecords[]> {
  for (let offset = 0; ; offset += pageRows) {
    if (offset > limits.queryOffsetMax)
      throw new GantryError('out-of-resources', 'too many matches');
    const result = await engine.search({ ...query, limit: pageRows, offset }, signal);
    for (let start = 0; start < result.count; start += rowsPerPiece) {
      yield result.readMatches(start, Math.min(start + rowsPerPiece, result.count));
      await nextTurn();
    }
    if (!result.isCut) return;
  }
}

/** The matches of a C-FIND in pieces, as `searchInPieces`. Throws `out-of-resources` when there are too many patients. */
export async function* findMatches(
  engine: Pick<Engine, 'search'>,
  request: FindRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly Match[]> {
  const isCounting = request.returnKeys.some(({ key }) => patientCountTags.has(key.tag));
  const patients = request.level === 'PATIENT' ? new DistinctPatients() : undefined;
  for await (const records of searchInPieces(engine, request.query, signal)) {
    const matches = records.filter((match) => patients?.isKnown(match) !== true);
    yield isCounting ? await countPatients(engine, matches, signal) : matches;
  }
}

/**
 * Makes patients of studies: the store keeps no records of them. A patient is a PatientID with its issuer, studies without a
 * PatientID have the same one; its attributes are those of the first match, which is the newest study.
 */
class DistinctPatients {
  readonly #seen = new Set<string>();

  isKnown(match: MatchedRecords): boolean {
    const patient = patientOf(match);
    if (this.#seen.has(patient)) return true;
    if (this.#seen.size === patientCountMax) {
      throw new GantryError('out-of-resources', 'too many patients match');
    }
    this.#seen.add(patient);
    return false;
  }
}

function patientOf({ study }: MatchedRecords): string {
  // Neither value can hold a backslash.
  return `${keyText(study.attributes[patientIdTag])}\\${keyText(study.attributes[issuerTag])}`;
}

async function countPatients(
  engine: Pick<Engine, 'search'>,
  matches: readonly MatchedRecords[],
  signal: AbortSignal,
): Promise<Match[]> {
  const counted: Match[] = [];
  for (const match of matches) {
    const patientId = keyText(match.study.attributes[patientIdTag]);
    const patient = patientId === '' ? undefined : await countPatient(engine, match, signal);
    counted.push(patient === undefined ? match : { ...match, patient });
  }
  return counted;
}

async function countPatient(
  engine: Pick<Engine, 'search'>,
  match: MatchedRecords,
  signal: AbortSignal,
): Promise<PatientCounts> {
  const value = keyText(match.study.attributes[patientIdTag]);
  const query = {
    partition: 0,
    level: 'study',
    conditions: [{ kind: 'equals', attribute: { tag: patientIdTag }, value }],
  } as const;
  const counts = { studies: 0, series: 0, instances: 0 };
  for await (const records of searchInPieces(engine, query, signal)) {
    for (const other of records) {
      if (patientOf(other) !== patientOf(match)) continue;
      counts.studies++;
      counts.series += other.study.seriesCount;
      counts.instances += other.study.instanceCount;
    }
  }
  return counts;
}
