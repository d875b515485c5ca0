import { toSearchName, toSearchText } from '#engine/dicom/encoding/search-text.js';
import type { JsonDataSet, JsonValue } from '#engine/dicom/json-model/json-model-types.js';
import type { StudyRecord } from './catalog-records.js';

/** What the place of a study in the study list says of it, so that most searches along the list need not read its record. */
export interface StudyGist {
  /** All modalities, in search form. */
  readonly modalities: readonly string[];
  /** All component groups of the patient's name, in search form. */
  readonly patientNames: readonly string[];
}

const patientNameTag = '00100010';

/** A study that has more to say has no gist: looking at its record is cheaper than carrying that along. */
const gistBytesMax = 512;

/** Neither is part of a text in search form. */
const listSeparator = '\0';
const valueSeparator = '\u001f';

/** Empty for a study that has no gist. */
export function encodeStudyGist(study: StudyRecord): Buffer {
  const modalities = study.modalities.map(toSearchText).filter((text) => text !== '');
  const lists = [modalities, searchNamesOf(study.attributes)];
  const text = lists.map((list) => list.join(valueSeparator)).join(listSeparator);
  const bytes = Buffer.from(text, 'utf8');
  return bytes.length > gistBytesMax ? Buffer.alloc(0) : bytes;
}

/** Undefined when there is none: then only the record tells. */
export function decodeStudyGist(text: string): StudyGist | undefined {
  if (text === '') return undefined;
  const end = text.indexOf(listSeparator);
  return {
    modalities: valuesOf(text.slice(0, end)),
    patientNames: valuesOf(text.slice(end + 1)),
  };
}

function valuesOf(list: string): readonly string[] {
  if (list === '') return [];
  return list.includes(valueSeparator) ? list.split(valueSeparator) : [list];
}

/** The component groups of the patient's names as engine/query compares them. */
export function searchNamesOf(attributes: JsonDataSet): string[] {
  const values = attributes[patientNameTag]?.Value ?? [];
  return values.flatMap(groupsOf).filter((name) => name !== '');
}

function groupsOf(value: JsonValue): string[] {
  const groups =
    typeof value === 'object' && value !== null
      ? [value['Alphabetic'], value['Ideographic'], value['Phonetic']]
      : [value];
  return groups.filter((group) => typeof group === 'string').map(toSearchName);
}
