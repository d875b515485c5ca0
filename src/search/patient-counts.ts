import type { Engine } from '#engine/engine-types.js';
import type { JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import type { StudyRecord } from '#engine/store/catalog/catalog-records.js';
import { searchInPieces } from './search-in-pieces.js';

const patientIdTag = '00100020';
const issuerTag = '00100021';

/** Number of Patient Related Studies, Series and Instances, whose values take a look at all studies of the patient. */
export const patientCountTags: ReadonlySet<string> = new Set(['00201200', '00201202', '00201204']);

/** What the store holds of one patient. */
export interface PatientCounts {
  readonly studies: number;
  readonly series: number;
  readonly instances: number;
}

/**
 * Names the patient of a study: a PatientID with its issuer. The store keeps no records of patients; studies without a PatientID
 * have the same one.
 */
export function patientOf({ attributes }: StudyRecord): string {
  // No value can hold a backslash.
  return [patientIdTag, issuerTag].map((tag) => textsOf(attributes[tag]).join('\\')).join('\\\\');
}

/**
 * Counts what the patient of `study` has, for `patientCountTags`; undefined for a study
 * without a PatientID, which says nothing of whom it belongs to. Rejects as `Engine.search`.
 */
export async function countPatient(
  engine: Pick<Engine, 'search'>,
  study: StudyRecord,
  signal: AbortSignal,
): Promise<PatientCounts | undefined> {
  const [value] = textsOf(study.attributes[patientIdTag]);
  if (value === undefined) return undefined;
  const query = {
    partition: 0,
    level: 'study',
    conditions: [{ kind: 'equals', attribute: { tag: patientIdTag }, value }],
  } as const;
  const patient = patientOf(study);
  const counts = { studies: 0, series: 0, instances: 0 };
  for await (const records of searchInPieces(engine, query, signal)) {
    for (const { study: other } of records) {
      if (patientOf(other) !== patient) continue;
      counts.studies++;
      counts.series += other.seriesCount;
      counts.instances += other.instanceCount;
    }
  }
  return counts;
}

function textsOf(element: JsonElement | undefined): string[] {
  return (element?.Value ?? []).filter(
    (value) => typeof value === 'string' && value !== '',
  ) as string[];
}
