import { assert } from '#engine/base/assert.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import { dictionaryVr, keywordOfTag } from '#engine/dicom/dictionary/dictionary.js';
import { vrName } from '#engine/dicom/dictionary/vr.js';
import {
  computedAttributes,
  indexedAttributes,
  type IndexedAttribute,
  type QueryLevel,
} from '#engine/dicom/indexed-attributes.js';
import type { JsonElement, JsonValue } from '#engine/dicom/json-model/json-model-types.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { AttributeReference } from './query-expression.js';
import { phoneticCodes } from './phonetic-codes.js';
import { toSearchName, toSearchText, wordsOfName } from '#engine/dicom/encoding/search-text.js';
import { encodeItems, readItems } from './sequence-items.js';
import { isTemporalVr, readTemporalSpan, type TemporalVr } from './temporal-values.js';

export type IndexedRecord = StudyRecord | SeriesRecord | InstanceRecord;

/**
 * How values of a column are normalised and compared.
 * - `uid`: one UID, exact. `number`: one number.
 * - `DA`, `TM`, `DT`: the first moment of one value in the form of temporal-values.ts. All such attributes have a value
 *   multiplicity of 1; of more values the first counts.
 * - `name`: folded component groups (search-text.ts). `text`: trimmed text, case kept. Both hold any number of values.
 */
export type ColumnKind = 'uid' | 'number' | TemporalVr | 'name' | 'text';

/** One searchable attribute: what is read from a record and where the index keeps it. */
export interface IndexColumn {
  readonly level: QueryLevel;
  readonly tag: string;
  readonly memberTag?: string;
  /** For messages; a member of a sequence as `Sequence.Member`. */
  readonly keyword: string;
  readonly vr: string;
  readonly kind: ColumnKind;
  /**
   * The column is no attribute of its own. `phonetic`: how the words of a name are pronounced (phonetic-codes.ts). `items`: the
   * members of a sequence together, item by item (sequence-items.ts).
   */
  readonly derived?: 'phonetic' | 'items';
  /** SQL identifier, to be quoted. */
  readonly name: string;
  readonly type: 'VARCHAR' | 'DOUBLE';
}

const levels: readonly QueryLevel[] = ['study', 'series', 'instance'];

/**
 * Not searchable though kept: the character set of an identifier describes the identifier and a time zone qualifies other values
 * (PS3.4 §C.2.2.2); availability and URLs do not tell records apart.
 */
const unsearchableTags = new Set(['00080005', '00080201', '00080056', '00081190']);

/** Columns whose values come from the record itself. The UIDs of a record are checked, those among its attributes are not. */
const recordValues: Readonly<
  Record<string, (record: IndexedRecord) => readonly (string | number)[]>
> = {
  '0020000D': (record) => [record.studyInstanceUid],
  '0020000E': (record) => ('seriesInstanceUid' in record ? [record.seriesInstanceUid] : []),
  '00080018': (record) => ('sopInstanceUid' in record ? [record.sopInstanceUid] : []),
  '00080061': (record) => ('modalities' in record ? record.modalities : []),
  '00080062': (record) => ('sopClassUids' in record ? record.sopClassUids : []),
  '00201206': (record) => ('seriesCount' in record ? [record.seriesCount] : []),
  '00201208': (record) => ('instanceCount' in record ? [record.instanceCount] : []),
  '00201209': (record) => ('instanceCount' in record ? [record.instanceCount] : []),
  '00083002': (record) => ('transferSyntaxUid' in record ? [record.transferSyntaxUid] : []),
};

/**
 * RequestedProcedureID of a series is rarely anywhere but in RequestAttributesSequence; who searches for it means both places.
 */
const alsoInSequence: Readonly<Record<string, string>> = { '00401001': '00400275' };

/** Hold any number of UIDs; so do members of sequences. */
const multipleUidTags = new Set(['00080062']);

const numberVrs = new Set(['IS', 'DS', 'US', 'SS', 'UL', 'SL', 'FL', 'FD']);

function kindOf(tag: string, vr: string, memberTag: string | undefined): ColumnKind {
  if (isTemporalVr(vr)) return vr;
  if (vr === 'PN') return 'name';
  if (numberVrs.has(vr)) return 'number';
  return vr === 'UI' && memberTag === undefined && !multipleUidTags.has(tag) ? 'uid' : 'text';
}

/** `StudyInstanceUID` → `study_instance_uid`. */
function toSnakeCase(keyword: string): string {
  return keyword
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .replace('.', '_')
    .toLowerCase();
}

function columnOf(attribute: IndexedAttribute, memberTag?: string): IndexColumn {
  const number = memberTag === undefined ? undefined : Number.parseInt(memberTag, 16);
  const keyword =
    number === undefined ? attribute.keyword : `${attribute.keyword}.${keywordOfTag(number) ?? ''}`;
  const vr = number === undefined ? attribute.vr : vrName(dictionaryVr(number));
  const kind = kindOf(attribute.tag, vr, memberTag);
  return Object.freeze({
    level: attribute.level,
    tag: attribute.tag,
    ...(memberTag === undefined ? {} : { memberTag }),
    keyword,
    vr,
    kind,
    name: toSnakeCase(keyword),
    type: kind === 'number' ? 'DOUBLE' : 'VARCHAR',
  });
}

function phoneticColumnOf(column: IndexColumn): IndexColumn {
  return Object.freeze({
    ...column,
    kind: 'text',
    derived: 'phonetic',
    name: toPhoneticName(column),
  });
}

function itemsColumnOf(attribute: IndexedAttribute): IndexColumn {
  return Object.freeze({
    level: attribute.level,
    tag: attribute.tag,
    keyword: attribute.keyword,
    vr: attribute.vr,
    kind: 'text',
    derived: 'items',
    name: toSnakeCase(attribute.keyword),
    type: 'VARCHAR',
  });
}

/** SQL identifier of the column that says how the words of a name are pronounced. */
export function toPhoneticName(nameColumn: IndexColumn): string {
  return `${nameColumn.name}_phonetic`;
}

function columnsOf(level: QueryLevel): readonly IndexColumn[] {
  const columns: IndexColumn[] = [];
  for (const attribute of [...indexedAttributes, ...computedAttributes]) {
    if (attribute.level !== level || unsearchableTags.has(attribute.tag)) continue;
    if (attribute.vr !== 'SQ') columns.push(columnOf(attribute));
    if (attribute.vr === 'PN') columns.push(phoneticColumnOf(columnOf(attribute)));
    if (attribute.searchPaths !== undefined) columns.push(itemsColumnOf(attribute));
    for (const memberTag of attribute.searchPaths ?? []) {
      const column = columnOf(attribute, memberTag);
      assert(column.kind === 'text', `${column.keyword}: items hold members that are text`);
      columns.push(column);
    }
  }
  return Object.freeze(columns);
}

/** The columns of each level, in the order of the attribute table. */
export const indexColumns: Readonly<Record<QueryLevel, readonly IndexColumn[]>> = Object.freeze({
  study: columnsOf('study'),
  series: columnsOf('series'),
  instance: columnsOf('instance'),
});

const columnsByReference = new Map(
  levels.flatMap((level) =>
    indexColumns[level]
      .filter((column) => column.derived === undefined)
      .map((column) => [`${column.tag}.${column.memberTag ?? ''}`, column]),
  ),
);

/**
 * The column that a search on `level` looks at for `reference`; undefined when the attribute cannot be searched or belongs to a
 * level below.
 */
export function findIndexColumn(
  level: QueryLevel,
  reference: AttributeReference,
): IndexColumn | undefined {
  const column = columnsByReference.get(`${reference.tag}.${reference.memberTag ?? ''}`);
  if (column === undefined) return undefined;
  return levels.indexOf(column.level) <= levels.indexOf(level) ? column : undefined;
}

/** The column that a condition on `level` looks at; throws `bad-request` when there is none. */
export function searchedColumn(level: QueryLevel, reference: AttributeReference): IndexColumn {
  const column = findIndexColumn(level, reference);
  if (column !== undefined) return column;
  throw new GantryError('bad-request', `${reference.tag} cannot be searched on ${level} level`);
}

const memberTags = new Map(
  indexedAttributes.map(({ tag, searchPaths = [] }) => [tag, searchPaths]),
);

/** Tags of the searchable members of a sequence, in the order in which `items` columns hold them. */
export function memberTagsOf({ tag }: IndexColumn): readonly string[] {
  return memberTags.get(tag) ?? [];
}

/** The column that holds the items of the sequence of `member`. */
export function itemsColumn({ level, tag }: IndexColumn): IndexColumn {
  const items = indexColumns[level].find((each) => each.tag === tag && each.derived === 'items');
  assert(items !== undefined, `${tag} has members`);
  return items;
}

/** The values of `column` in a record of its level, normalised for comparison. Empty and unreadable values are left out. */
export function readColumnValues(column: IndexColumn, record: IndexedRecord): (string | number)[] {
  const values: (string | number)[] = [];
  if (column.derived === 'items') {
    const cell = encodeItems(readItems(elementOf(record, column.tag), memberTagsOf(column)));
    return cell === null ? [] : [cell];
  }
  if (column.derived === 'phonetic') {
    for (const value of elementOf(record, column.tag)?.Value ?? []) appendName(value, values);
    const words = values.flatMap((name) => wordsOfName(String(name)));
    return [...new Set(words.flatMap(phoneticCodes))];
  }
  const read = recordValues[column.tag];
  if (read !== undefined && column.memberTag === undefined) {
    for (const value of read(record)) appendNormalised(column, value, values);
    return values;
  }
  const element = elementOf(record, column.tag);
  if (column.memberTag === undefined) {
    appendElement(column, element, values);
    const sequenceTag = alsoInSequence[column.tag];
    if (sequenceTag !== undefined) {
      appendMembers(column, elementOf(record, sequenceTag), column.tag, values);
    }
  } else {
    appendMembers(column, element, column.memberTag, values);
  }
  return values;
}

/** One attribute of a record, without parsing the others where that can be had. */
export function elementOf(record: IndexedRecord, tag: string): JsonElement | undefined {
  const elements = 'elements' in record ? record.elements : undefined;
  return elements === undefined
    ? record.attributes[tag]
    : elements.elementOf(Number.parseInt(tag, 16));
}

function appendMembers(
  column: IndexColumn,
  sequence: JsonElement | undefined,
  memberTag: string,
  values: (string | number)[],
): void {
  for (const item of sequence?.Value ?? []) {
    if (typeof item !== 'object' || item === null) continue;
    const member = (item as Record<string, unknown>)[memberTag];
    appendElement(column, member as JsonElement | undefined, values);
  }
}

function appendElement(
  column: IndexColumn,
  element: JsonElement | undefined,
  values: (string | number)[],
): void {
  for (const value of element?.Value ?? []) appendNormalised(column, value, values);
}

function appendNormalised(
  column: IndexColumn,
  value: JsonValue,
  values: (string | number)[],
): void {
  if (value === null) return;
  if (column.kind === 'name') {
    appendName(value, values);
  } else if (typeof value !== 'object') {
    const normalised = normaliseValue(column.kind, value);
    if (normalised !== undefined) values.push(normalised);
  }
}

/** The component groups of one name (PS3.18 §F.2.2), each a value of its own. */
function appendName(value: JsonValue, values: (string | number)[]): void {
  const groups =
    typeof value === 'object' && value !== null
      ? [value['Alphabetic'], value['Ideographic'], value['Phonetic']]
      : [value];
  for (const group of groups) {
    const name = typeof group === 'string' ? toSearchName(group) : '';
    if (name !== '') values.push(name);
  }
}

/** One value in the form that `kind` compares, the same for stored values and for those of a query. */
export function normaliseValue(
  kind: Exclude<ColumnKind, 'name'>,
  value: string | number,
): string | number | undefined {
  if (kind === 'number') return readNumber(value);
  const text = toSearchText(String(value));
  if (kind === 'DA' || kind === 'TM' || kind === 'DT') {
    return readTemporalSpan(kind, text)?.earliest;
  }
  return text === '' ? undefined : text;
}

function readNumber(value: string | number): number | undefined {
  const text = typeof value === 'string' ? value.trim() : value;
  const number = text === '' ? Number.NaN : Number(text);
  // -0 would be distinguished by some comparisons and not by others.
  return Number.isFinite(number) ? number + 0 : undefined;
}
