import { rowToJson, type MatchedRecords, type ReturnFields } from '#engine/query/row-to-json.js';

/** The row of a study, kept as long as the record it was made from is. */
interface StudyRow {
  /** Names what went into the text besides the record. */
  readonly form: string;
  readonly text: string;
}

const studyRows = new WeakMap<MatchedRecords['study'], StudyRow>();

/**
 * Makes rows of a search response as JSON text. Study lists are asked for over and over, so the last row of each study is kept.
 */
export function rowTextMaker(
  fields: ReturnFields,
  studiesUrl: string,
): (records: MatchedRecords) => string {
  const make = (records: MatchedRecords): string =>
    JSON.stringify(rowToJson(records, fields, studiesUrl));
  if (fields.recordKeyOf !== undefined) return make;
  const form = `${studiesUrl} ${[...fields.tags.study].join()}`;
  return (records) => {
    if (records.series !== undefined) return make(records);
    const known = studyRows.get(records.study);
    if (known?.form === form) return known.text;
    const text = make(records);
    studyRows.set(records.study, { form, text });
    return text;
  };
}
