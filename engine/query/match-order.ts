import { GantryError } from '#engine/base/error-catalogue.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { assert } from '#engine/base/assert.js';
import { findIndexColumn, readColumnValues, type IndexColumn } from './index-columns.js';
import type { AttributeReference, QueryExpression, QueryPosition } from './query-expression.js';
import type { MatchedRecords } from './row-text.js';

export interface OrderKey {
  readonly column: IndexColumn;
  readonly isDescending: boolean;
}

const orderKey = (level: QueryLevel, tag: string, isDescending = false): OrderKey => {
  const column = findIndexColumn(level, { tag });
  assert(column !== undefined, `the order of ${level} needs ${tag}`);
  return { column, isDescending };
};

/**
 * The total order in which matches are returned; records without a value come last. It depends on nothing that storing further
 * instances changes, so a page keeps its place while a study grows: studies newest first, series and instances by number within
 * their parent. UIDs make it total.
 */
export const matchOrder: Readonly<Record<QueryLevel, readonly OrderKey[]>> = Object.freeze({
  study: [
    orderKey('study', '00080020', true),
    orderKey('study', '00080030', true),
    orderKey('study', '0020000D'),
  ],
  series: [
    orderKey('series', '0020000D'),
    orderKey('series', '00200011'),
    orderKey('series', '0020000E'),
  ],
  instance: [
    orderKey('instance', '0020000D'),
    orderKey('instance', '0020000E'),
    orderKey('instance', '00200013'),
    orderKey('instance', '00080018'),
  ],
});

/**
 * What tells patients apart, and their order: that of their newest study would change whenever one comes in, and pages would
 * lose patients.
 */
export const patientOrder: readonly OrderKey[] = Object.freeze([
  orderKey('study', '00100020'),
  orderKey('study', '00100021'),
]);

/** The order of the rows of a query. Throws `bad-request` for an attribute that the level cannot be ordered by. */
export function orderOf({
  level,
  orderBy = [],
  isByPatient,
}: QueryExpression): readonly OrderKey[] {
  const asked = orderBy.map(({ attribute, isDescending }) => ({
    column: orderColumn(level, attribute),
    isDescending,
  }));
  const always = isByPatient === true ? patientOrder : matchOrder[level];
  const isAsked = ({ column }: OrderKey): boolean => asked.some((key) => key.column === column);
  return [...asked, ...always.filter((key) => !isAsked(key))];
}

/** Long texts order nothing and would have to be carried along in every position. */
const unorderedVrs = new Set(['LT', 'ST', 'UC', 'UR', 'UT']);

function orderColumn(level: QueryLevel, attribute: AttributeReference): IndexColumn {
  const column = findIndexColumn(level, attribute);
  if (column === undefined || unorderedVrs.has(column.vr)) {
    throw new GantryError('bad-request', `${attribute.tag} is nothing to order by here`);
  }
  return column;
}

/**
 * Characters of a text that count in an order: positions travel in URLs, and what senders put into a LO of 64 characters has no
 * limit.
 */
export const orderedCharactersMax = 256;

/** The position of a match; of several values the first counts. */
export function positionOf(order: readonly OrderKey[], match: MatchedRecords): QueryPosition {
  return order.map(({ column }) => {
    const record = match[column.level];
    const value = record === undefined ? undefined : readColumnValues(column, record)[0];
    return typeof value === 'string' ? orderedText(value) : (value ?? null);
  });
}

function orderedText(text: string): string {
  if (text.length <= orderedCharactersMax) return text;
  return [...text].slice(0, orderedCharactersMax).join('');
}

/** Compares two positions of one order, for `Array.sort`. */
export function comparePositions(
  order: readonly OrderKey[],
  left: QueryPosition,
  right: QueryPosition,
): number {
  for (const [n, { isDescending }] of order.entries()) {
    const a = left[n] ?? null;
    const b = right[n] ?? null;
    if (a === b) continue;
    if (a === null) return 1;
    if (b === null) return -1;
    return compareValues(a, b) < 0 === isDescending ? 1 : -1;
  }
  return 0;
}

/** Texts by their code points, as DuckDB compares them. */
function compareValues(a: string | number, b: string | number): number {
  if (typeof a === 'number' || typeof b === 'number') return a < b ? -1 : 1;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const difference = codeRank(a.charCodeAt(i)) - codeRank(b.charCodeAt(i));
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all others, though their codes are not the highest. */
function codeRank(code: number): number {
  return code >= 0xd800 && code < 0xe000 ? code + 0x10000 : code;
}
