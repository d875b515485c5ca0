import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine, SearchResult } from '#engine/engine-types.js';
import type { JsonDataSet } from '#engine/dicom/json-model/json-model-types.js';
import { rowTextMaker, type MatchedRecords, type ReturnFields } from '#engine/query/row-text.js';
import { countPatient } from '#src/search/patient-counts.js';

/** Patients that are counted in one turn of the event loop: a millisecond of work, unless one has very many studies. */
const patientsPerTurn = 16;

/** Number of Patient Related Studies, Series and Instances of each patient of a result, by the study that stands for it. */
export type CountsByStudy = ReadonlyMap<string, JsonDataSet>;

/** Counts what the patients of a result have. Rejects as `Engine.search`. */
export async function countPatients(
  engine: Pick<Engine, 'search'>,
  result: SearchResult,
  signal: AbortSignal,
): Promise<CountsByStudy> {
  const counts = new Map<string, JsonDataSet>();
  for (let start = 0; start < result.count; start += patientsPerTurn) {
    for (const { study } of result.readMatches(start, start + patientsPerTurn)) {
      const patient = await countPatient(engine, study, signal);
      if (patient === undefined) continue;
      counts.set(study.studyInstanceUid, {
        '00201200': { vr: 'IS', Value: [patient.studies] },
        '00201202': { vr: 'IS', Value: [patient.series] },
        '00201204': { vr: 'IS', Value: [patient.instances] },
      });
    }
    await nextTurn();
  }
  return counts;
}

/** Makes rows of patients as JSON text. */
export function patientTextMaker(
  fields: ReturnFields,
  studiesUrl: string,
  counts: CountsByStudy,
): (records: MatchedRecords) => string {
  const rowText = rowTextMaker(fields, studiesUrl);
  return (records) => {
    const row = rowText(records);
    const count = counts.get(records.study.studyInstanceUid);
    // The tags of the counts are behind those of a patient.
    return count === undefined ? row : `${row.slice(0, -1)},${JSON.stringify(count).slice(1)}`;
  };
}
