import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import {
  findIndexColumn,
  readColumnValues,
  type IndexColumn,
  type IndexedRecord,
} from './index-columns.js';
import { assert } from '#engine/base/assert.js';

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

/** Compares two records of `level` by `matchOrder`, for `Array.sort`. */
export function compareByMatchOrder(
  level: QueryLevel,
  left: IndexedRecord,
  right: IndexedRecord,
): number {
  for (const { column, isDescending } of matchOrder[level]) {
    const a = readColumnValues(column, left)[0];
    const b = readColumnValues(column, right)[0];
    if (a === b) continue;
    if (a === undefined) return 1;
    if (b === undefined) return -1;
    return a < b === isDescending ? 1 : -1;
  }
  return 0;
}
