import { GantryError } from '#engine/base/error-catalogue.js';
import type { Engine } from '#engine/engine-types.js';
import type { MatchedRecords } from '#engine/query/row-text.js';
import { countPatient, patientCountTags, patientOf } from '#src/search/patient-counts.js';
import { searchInPieces } from '#src/search/search-in-pieces.js';
import type { FindRequest } from './find-request.js';
import type { Match } from './query-keys.js';

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

/** Patients told apart in one query, of some 100 bytes each. */
const patientCountMax = 200_000;

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
    const patient = patientOf(match.study);
    if (this.#seen.has(patient)) return true;
    if (this.#seen.size === patientCountMax) {
      throw new GantryError('out-of-resources', 'too many patients match');
    }
    this.#seen.add(patient);
    return false;
  }
}

async function countPatients(
  engine: Pick<Engine, 'search'>,
  matches: readonly MatchedRecords[],
  signal: AbortSignal,
): Promise<Match[]> {
  const counted: Match[] = [];
  for (const match of matches) {
    const patient = await countPatient(engine, match.study, signal);
    counted.push(patient === undefined ? match : { ...match, patient });
  }
  return counted;
}
