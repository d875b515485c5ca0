import {
  computedAttributes,
  indexedAttributes,
  type QueryLevel,
} from '#engine/dicom/indexed-attributes.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import type { MatchedRecords, ReturnFields } from '#engine/query/row-text.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';

/** Returned even without a value: PS3.18 Tables 10.6.3-3 to -5 require them. */
const requiredTags: ReadonlySet<string> = new Set([
  '00080020',
  '00080030',
  '00080050',
  '00080056',
  '00080060',
  '00080061',
  '00080090',
  '00081190',
  '00100010',
  '00100020',
  '00100030',
  '00100040',
  '0020000D',
  '0020000E',
  '00200010',
  '00200011',
  '00200013',
  '00080016',
  '00080018',
]);

const attributesByLevel = {
  study: indexedAttributes.filter((attribute) => attribute.level === 'study'),
  series: indexedAttributes.filter((attribute) => attribute.level === 'series'),
  instance: indexedAttributes.filter((attribute) => attribute.level === 'instance'),
};

const computedByLevel = {
  study: computedAttributes.filter((attribute) => attribute.level === 'study'),
  series: computedAttributes.filter((attribute) => attribute.level === 'series'),
  instance: computedAttributes.filter((attribute) => attribute.level === 'instance'),
};

/**
 * One row of a search response as DICOM JSON, tags ascending, made of parsed attributes: what the text of engine/query/row-text.ts
 * is compared with.
 */
export function rowToJson(
  records: MatchedRecords,
  fields: ReturnFields,
  studiesUrl: string,
): JsonDataSet {
  const row: JsonDataSet = {};
  const { study, series, instance } = records;
  const { tags, recordKeyOf } = fields;
  const studyUrl = `${studiesUrl}/${study.studyInstanceUid}`;
  addIndexed(row, 'study', study.attributes, tags.study);
  addComputed(row, 'study', tags.study, (tag) => studyValue(tag, study, studyUrl));
  if (series !== undefined) {
    const seriesUrl = `${studyUrl}/series/${series.seriesInstanceUid}`;
    addIndexed(row, 'series', series.attributes, tags.series);
    addComputed(row, 'series', tags.series, (tag) => seriesValue(tag, series, seriesUrl));
    if (instance !== undefined) {
      const instanceUrl = `${seriesUrl}/instances/${instance.sopInstanceUid}`;
      addIndexed(row, 'instance', instance.attributes, tags.instance);
      addComputed(row, 'instance', tags.instance, (tag) =>
        instanceValue(tag, instance, instanceUrl),
      );
    }
  }
  addUids(row, records, tags);
  if (recordKeyOf !== undefined) {
    row['0008041B'] = { vr: 'OB', InlineBinary: recordKeyOf(records) };
  }
  return sorted(row);
}

/** The UIDs of a record are checked, those among its attributes are not. */
function addUids(
  row: JsonDataSet,
  { study, series, instance }: MatchedRecords,
  tags: ReturnFields['tags'],
): void {
  const add = (tag: string, wanted: ReadonlySet<string>, uid: string | undefined): void => {
    if (uid !== undefined && wanted.has(tag)) row[tag] = { vr: 'UI', Value: [uid] };
  };
  add('0020000D', tags.study, study.studyInstanceUid);
  add('0020000E', tags.series, series?.seriesInstanceUid);
  add('00080018', tags.instance, instance?.sopInstanceUid);
}

function addIndexed(
  row: JsonDataSet,
  level: QueryLevel,
  attributes: JsonDataSet,
  wanted: ReadonlySet<string>,
): void {
  for (const { tag, vr } of attributesByLevel[level]) {
    if (!wanted.has(tag)) continue;
    const element = attributes[tag];
    if (element !== undefined) row[tag] = element;
    else if (requiredTags.has(tag)) row[tag] = { vr };
  }
}

function addComputed(
  row: JsonDataSet,
  level: QueryLevel,
  wanted: ReadonlySet<string>,
  valueOf: (tag: string) => string | number | readonly string[],
): void {
  for (const { tag, vr } of computedByLevel[level]) {
    if (!wanted.has(tag)) continue;
    const value = valueOf(tag);
    row[tag] = elementOf(vr, typeof value === 'object' ? value : [value]);
  }
}

function elementOf(vr: string, values: readonly (string | number)[]): JsonElement {
  return values.length === 0 ? { vr } : { vr, Value: [...values] };
}

function studyValue(
  tag: string,
  study: StudyRecord,
  studyUrl: string,
): string | number | readonly string[] {
  switch (tag) {
    case '00080056':
      return 'ONLINE';
    case '00080061':
      return study.modalities;
    case '00080062':
      return study.sopClassUids;
    case '00201206':
      return study.seriesCount;
    case '00201208':
      return study.instanceCount;
    default:
      return studyUrl;
  }
}

function seriesValue(tag: string, series: SeriesRecord, seriesUrl: string): string | number {
  return tag === '00081190' ? seriesUrl : series.instanceCount;
}

function instanceValue(tag: string, instance: InstanceRecord, instanceUrl: string): string {
  switch (tag) {
    case '00080056':
      return 'ONLINE';
    case '00083002':
      return instance.transferSyntaxUid;
    default:
      return instanceUrl;
  }
}

function sorted(row: JsonDataSet): JsonDataSet {
  const result: JsonDataSet = {};
  for (const tag of Object.keys(row).sort()) result[tag] = row[tag]!;
  return result;
}
