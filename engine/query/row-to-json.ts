import {
  computedAttributes,
  indexedAttributes,
  type QueryLevel,
} from '#engine/dicom/indexed-attributes.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';

/** Records of one match, as deep as the level of the query. */
export interface MatchedRecords {
  readonly study: StudyRecord;
  readonly series?: SeriesRecord;
  readonly instance?: InstanceRecord;
}

/** Which attributes a response row holds. */
export interface ReturnFields {
  /** Levels whose attributes are returned, e.g. study and series for a relational search for series. */
  readonly levels: readonly QueryLevel[];
  /** `all`: everything kept at these levels; otherwise tags wanted besides the default set. */
  readonly include: 'all' | ReadonlySet<string>;
}

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
 * One row of a search response as DICOM JSON, tags ascending. `studiesUrl` is the absolute URL of the studies resource, for
 * RetrieveURL. The UIDs that name the match are always there.
 */
export function rowToJson(
  records: MatchedRecords,
  fields: ReturnFields,
  studiesUrl: string,
): JsonDataSet {
  const row: JsonDataSet = {};
  const { study, series, instance } = records;
  const studyUrl = `${studiesUrl}/${study.studyInstanceUid}`;
  row['0020000D'] = { vr: 'UI', Value: [study.studyInstanceUid] };
  if (fields.levels.includes('study')) {
    addIndexed(row, 'study', study.attributes, fields.include);
    addComputed(row, 'study', fields.include, (tag) => studyValue(tag, study, studyUrl));
  }
  if (series === undefined) return sorted(row);
  const seriesUrl = `${studyUrl}/series/${series.seriesInstanceUid}`;
  row['0020000E'] = { vr: 'UI', Value: [series.seriesInstanceUid] };
  if (fields.levels.includes('series')) {
    addIndexed(row, 'series', series.attributes, fields.include);
    addComputed(row, 'series', fields.include, (tag) =>
      tag === '00081190' ? seriesUrl : series.instanceCount,
    );
  }
  if (instance === undefined) return sorted(row);
  const instanceUrl = `${seriesUrl}/instances/${instance.sopInstanceUid}`;
  addIndexed(row, 'instance', instance.attributes, fields.include);
  addComputed(row, 'instance', fields.include, (tag) => instanceValue(tag, instance, instanceUrl));
  return sorted(row);
}

function addIndexed(
  row: JsonDataSet,
  level: QueryLevel,
  attributes: JsonDataSet,
  include: ReturnFields['include'],
): void {
  for (const { tag, vr, isDefault } of attributesByLevel[level]) {
    if (!isDefault && include !== 'all' && !include.has(tag)) continue;
    const element = attributes[tag];
    if (element !== undefined) row[tag] = element;
    else if (requiredTags.has(tag)) row[tag] = { vr };
  }
}

function addComputed(
  row: JsonDataSet,
  level: QueryLevel,
  include: ReturnFields['include'],
  valueOf: (tag: string) => string | number | readonly string[],
): void {
  for (const { tag, vr, isDefault } of computedByLevel[level]) {
    if (!isDefault && include !== 'all' && !include.has(tag)) continue;
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
