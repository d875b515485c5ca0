import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { searchedColumn, type IndexColumn } from './index-columns.js';
import { prepareTests } from './matching.js';
import type { AttributeReference, QueryCondition } from './query-expression.js';
import { wordsOfName } from '#engine/dicom/encoding/search-text.js';
import { isTemporalVr, splitTemporalRange } from './temporal-values.js';
import { hasWildcard, isUniversalPattern } from './wildcard.js';

/** Where dialects differ in reading a value; all are off for PS3.4 and PS3.18. */
export interface QueryValueOptions {
  /** PN values are lists of words, each a prefix of some word of the name (PS3.18 §8.3.4.2). Wildcards take precedence. */
  readonly fuzzyNames?: boolean;
  /** Fuzzy names also match what is pronounced alike. */
  readonly phoneticNames?: boolean;
  /** Several values of one attribute must all be there, PS3.4 §C.2.2.2.8. */
  readonly multipleValues?: boolean;
  /** Two quotation marks match an attribute without a value, PS3.4 §C.2.2.2.7. */
  readonly emptyValues?: boolean;
  /** `*` and `?` stand for themselves. */
  readonly literalWildcards?: boolean;
  /** Text other than PN is compared without case too. */
  readonly ignoresCase?: boolean;
}

/** VRs with wildcard matching, PS3.4 §C.2.2.2.4. */
const wildcardVrs = new Set(['AE', 'CS', 'LO', 'LT', 'PN', 'SH', 'ST', 'UC', 'UR', 'UT']);

/** VRs of which several values can be asked for at once, PS3.4 §C.2.2.2.8. */
const multipleValueVrs = new Set(['AE', 'AS', 'AT', 'CS', 'LO', 'PN', 'SH', 'UC']);

/** A name of delimiters only names nobody. */
const emptyName = /^[ ^=*]*$/;

/** Commas cannot be part of their values, so one separates values as the backslash of PS3.5 §6.4 does. */
const listVrs = new Set(['UI', 'CS']);

/**
 * The condition that a value of a query parameter or of an identifier's element states for an attribute of `level`; undefined
 * for universal matching (an empty value, or `*`, PS3.4 §C.2.2.2.3).
 *
 * Throws `bad-request`, naming the keyword but never the value, when the attribute cannot be searched on the level or the value
 * does not fit its VR.
 */
export function parseQueryValue(
  level: QueryLevel,
  attribute: AttributeReference,
  text: string,
  options: QueryValueOptions = {},
): QueryCondition | undefined {
  const column = searchedColumn(level, attribute);
  const value = trimPadding(text);
  if (options.emptyValues === true && value === '""') return { kind: 'empty', attribute };
  if (isUniversalPattern(value) || (column.vr === 'PN' && emptyName.test(value))) return undefined;
  // The number of values bounds a list of UIDs; every other value has a length that a person could type.
  if (column.vr !== 'UI' && value.length > limits.queryValueLengthMax) {
    throw new GantryError(
      'bad-request',
      `${column.keyword}: longer than ${limits.queryValueLengthMax} characters`,
    );
  }
  const condition = conditionOf(column, attribute, value, options);
  if (condition !== undefined) prepareTests(column, condition);
  return condition === undefined ? undefined : Object.freeze(condition);
}

function conditionOf(
  column: IndexColumn,
  attribute: AttributeReference,
  value: string,
  options: QueryValueOptions,
): QueryCondition | undefined {
  if (isTemporalVr(column.vr)) {
    const range = splitTemporalRange(column.vr, value);
    if (range !== undefined) return { kind: 'range', attribute, ...range };
    return { kind: 'equals', attribute, value };
  }
  if (options.multipleValues === true && multipleValueVrs.has(column.vr)) {
    const values = splitList(column, value);
    if (values.length > 1) return { kind: 'all-of', attribute, values, ...caseOption(options) };
  }
  if (!listVrs.has(column.vr)) return textConditionOf(column, attribute, value, options);
  const values = splitList(column, value);
  if (values.length > 1) return { kind: 'one-of', attribute, values };
  return values[0] === undefined
    ? undefined
    : textConditionOf(column, attribute, values[0], options);
}

function textConditionOf(
  column: IndexColumn,
  attribute: AttributeReference,
  value: string,
  options: QueryValueOptions,
): QueryCondition {
  if (options.literalWildcards !== true && wildcardVrs.has(column.vr) && hasWildcard(value)) {
    return { kind: 'wildcard', attribute, pattern: value, ...caseOption(options) };
  }
  if (column.vr === 'PN' && options.fuzzyNames === true) {
    const words = wordsOfName(value.replaceAll('=', ' '));
    const phonetic = options.phoneticNames === true ? ({ isPhonetic: true } as const) : {};
    return { kind: 'fuzzy-name', attribute, words, ...phonetic };
  }
  return { kind: 'equals', attribute, value, ...caseOption(options) };
}

function caseOption(options: QueryValueOptions): { readonly ignoresCase?: true } {
  return options.ignoresCase === true ? { ignoresCase: true } : {};
}

function splitList(column: IndexColumn, text: string): string[] {
  const values: string[] = [];
  const separator = listVrs.has(column.vr) ? /[,\\]/ : '\\';
  for (const part of text.split(separator, limits.queryUidListMax + 1)) {
    const value = trimPadding(part);
    if (value !== '') values.push(value);
  }
  if (values.length > limits.queryUidListMax) {
    throw new GantryError(
      'bad-request',
      `${column.keyword}: more than ${limits.queryUidListMax} values`,
    );
  }
  if (values.length > 1 && column.vr !== 'UI' && values.some(hasWildcard)) {
    throw new GantryError('bad-request', `${column.keyword}: a list allows no wildcard`);
  }
  return values;
}

/** PS3.5 §6.2: spaces pad text, NUL pads UIDs. */
function trimPadding(text: string): string {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) === 0) end--;
  return text.slice(0, end).trim();
}
