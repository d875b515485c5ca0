import {
  computedAttributes,
  indexedAttributes,
  type QueryLevel,
} from '#engine/dicom/indexed-attributes.js';
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
  /** Tags of each level's attributes; what the store does not keep is not returned. */
  readonly tags: Readonly<Record<QueryLevel, ReadonlySet<string>>>;
  /** The Record Key (0008,041B) of a row as base64, when that is wanted (PS3.4 §C.6.4). */
  readonly recordKeyOf?: (records: MatchedRecords) => string;
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

const levels = ['study', 'series', 'instance'] as const;

/** The text of one attribute of a row with its name, `"00100010":{…}`; undefined when the row is without it. */
type Cell = (records: MatchedRecords) => string | undefined;

/**
 * Makes rows of a search response as text in the DICOM JSON model, tags ascending, what is stored as it is stored. `studiesUrl` is
 * the absolute URL of the studies resource, for RetrieveURL.
 */
export function rowTextMaker(
  fields: ReturnFields,
  studiesUrl: string,
): (records: MatchedRecords) => string {
  const cellsByDepth = [1, 2, 3].map((depth) =>
    cellsOf(levels.slice(0, depth), fields, studiesUrl),
  );
  return (records) => {
    const { series, instance } = records;
    const cells = cellsByDepth[series === undefined ? 0 : instance === undefined ? 1 : 2]!;
    const texts: string[] = [];
    for (const cell of cells) {
      const text = cell(records);
      if (text !== undefined) texts.push(text);
    }
    return `{${texts.join(',')}}`;
  };
}

function cellsOf(
  rowLevels: readonly QueryLevel[],
  { tags, recordKeyOf }: ReturnFields,
  studiesUrl: string,
): Cell[] {
  // A tag of several levels, such as RetrieveURL, is that of the deepest.
  const cells = new Map<string, Cell>();
  for (const level of rowLevels) {
    for (const { tag, vr } of ofLevel(indexedAttributes, level, tags)) {
      cells.set(tag, storedCell(level, tag, vr));
    }
    for (const { tag, vr } of ofLevel(computedAttributes, level, tags)) {
      cells.set(tag, computedCell(tag, vr, valueOf(level, tag, studiesUrl)));
    }
    // The UIDs of a record are checked, those among its attributes are not.
    const { tag, uidOf } = uids[level];
    if (tags[level].has(tag)) cells.set(tag, computedCell(tag, 'UI', uidOf));
  }
  if (recordKeyOf !== undefined) {
    const tag = '0008041B';
    cells.set(tag, (records) => `"${tag}":{"vr":"OB","InlineBinary":"${recordKeyOf(records)}"}`);
  }
  return [...cells].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, cell]) => cell);
}

function ofLevel(
  attributes: typeof indexedAttributes,
  level: QueryLevel,
  tags: ReturnFields['tags'],
): typeof indexedAttributes {
  return attributes.filter(
    (attribute) => attribute.level === level && tags[level].has(attribute.tag),
  );
}

function storedCell(level: QueryLevel, tag: string, vr: string): Cell {
  const number = Number.parseInt(tag, 16);
  const without = requiredTags.has(tag) ? `"${tag}":{"vr":"${vr}"}` : undefined;
  return (records) => {
    const record = records[level]!;
    if ('elements' in record && record.elements !== undefined) {
      return record.elements.memberOf(number) ?? without;
    }
    const element = record.attributes[tag];
    return element === undefined ? without : `"${tag}":${JSON.stringify(element)}`;
  };
}

type ComputedValue = (records: MatchedRecords) => string | number | readonly string[];

function computedCell(tag: string, vr: string, value: ComputedValue): Cell {
  const head = `"${tag}":{"vr":"${vr}"`;
  return (records) => {
    const computed = value(records);
    if (typeof computed !== 'object') return `${head},"Value":[${JSON.stringify(computed)}]}`;
    return computed.length === 0 ? `${head}}` : `${head},"Value":${JSON.stringify(computed)}}`;
  };
}

const uids: Readonly<Record<QueryLevel, { readonly tag: string; readonly uidOf: ComputedValue }>> =
  {
    study: { tag: '0020000D', uidOf: ({ study }) => study.studyInstanceUid },
    series: { tag: '0020000E', uidOf: ({ series }) => series!.seriesInstanceUid },
    instance: { tag: '00080018', uidOf: ({ instance }) => instance!.sopInstanceUid },
  };

function valueOf(level: QueryLevel, tag: string, studiesUrl: string): ComputedValue {
  switch (tag) {
    case '00080056':
      return () => 'ONLINE';
    case '00080061':
      return ({ study }) => study.modalities;
    case '00080062':
      return ({ study }) => study.sopClassUids;
    case '00083002':
      return ({ instance }) => instance!.transferSyntaxUid;
    case '00201206':
      return ({ study }) => study.seriesCount;
    case '00201208':
      return ({ study }) => study.instanceCount;
    case '00201209':
      return ({ series }) => series!.instanceCount;
    default:
      return (records) => retrieveUrl(records, level, studiesUrl);
  }
}

function retrieveUrl(
  { study, series, instance }: MatchedRecords,
  level: QueryLevel,
  studiesUrl: string,
): string {
  const studyUrl = `${studiesUrl}/${study.studyInstanceUid}`;
  if (level === 'study') return studyUrl;
  const seriesUrl = `${studyUrl}/series/${series!.seriesInstanceUid}`;
  return level === 'series' ? seriesUrl : `${seriesUrl}/instances/${instance!.sopInstanceUid}`;
}
