import { rowToJson, type MatchedRecords, type ReturnFields } from '#engine/query/row-to-json.js';

/** The default row of a study, kept as long as the record it was made from is. */
interface StudyRow {
  readonly studiesUrl: string;
  readonly text: string;
}

const studyRows = new WeakMap<MatchedRecords['study'], StudyRow>();

/** One row of a search response as JSON text. Study lists are asked for over and over, so their rows are made once. */
export function rowText(records: MatchedRecords, fields: ReturnFields, studiesUrl: string): string {
  if (!isDefaultStudyRow(records, fields)) {
    return JSON.stringify(rowToJson(records, fields, studiesUrl));
  }
  const known = studyRows.get(records.study);
  if (known?.studiesUrl === studiesUrl) return known.text;
  const text = JSON.stringify(rowToJson(records, fields, studiesUrl));
  studyRows.set(records.study, { studiesUrl, text });
  return text;
}

function isDefaultStudyRow({ series }: MatchedRecords, { levels, include }: ReturnFields): boolean {
  return (
    series === undefined && levels.includes('study') && include !== 'all' && include.size === 0
  );
}
