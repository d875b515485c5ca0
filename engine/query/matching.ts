import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { isUid, trimUid } from '#engine/base/uid.js';
import { normaliseValue, type IndexColumn } from './index-columns.js';
import { phoneticCodes } from './phonetic-codes.js';
import type { QueryCondition } from './query-expression.js';
import {
  toLowerCharacters,
  toSearchName,
  toSearchText,
  wordsOfName,
} from '#engine/dicom/encoding/search-text.js';
import { isTemporalVr, readTemporalSpan, type TemporalVr } from './temporal-values.js';
import { isUniversalPattern, matchesWildcard } from './wildcard.js';

/**
 * What one condition asks of the values of its column, in their normalised form (index-columns.ts). An element matches when any
 * of its values does; an absent element never matches.
 *
 * Decisions on PS3.4 §C.2.2.2.1: names are compared without case, accent and width, and each component group by itself. All other
 * text is compared exactly, as the standard asks: `abc` and `ABC` are different patient IDs. A dialect that promises otherwise
 * sets `ignoresCase`. DA, TM and DT are compared by meaning: a query value matches every moment it covers.
 */
export type ValueTest =
  | { readonly kind: 'equals'; readonly value: string | number; readonly ignoresCase: boolean }
  | { readonly kind: 'equals-any'; readonly values: readonly string[] }
  | { readonly kind: 'wildcard'; readonly pattern: string; readonly ignoresCase: boolean }
  /** Inclusive; the column holds one value. */
  | { readonly kind: 'between'; readonly from?: string; readonly to?: string }
  /** Some word of the name begins with `word`, or is pronounced as one of `codes`. */
  | { readonly kind: 'word-prefix'; readonly word: string; readonly codes: readonly string[] }
  /** There is no value. */
  | { readonly kind: 'empty' };

/**
 * The tests that must all pass for `condition` on `column`, values normalised and, where case is ignored, in lower case. Throws
 * `bad-request` when the condition does not fit the VR.
 */
export function prepareTests(column: IndexColumn, condition: QueryCondition): ValueTest[] {
  switch (condition.kind) {
    case 'equals':
      return prepareEquals(column, condition.value, condition.ignoresCase === true);
    case 'wildcard':
      return prepareWildcard(column, condition.pattern, condition.ignoresCase === true);
    case 'one-of':
      return [{ kind: 'equals-any', values: prepareList(column, condition.values) }];
    case 'all-of':
      return condition.values.flatMap((value) =>
        prepareEquals(column, value, condition.ignoresCase === true),
      );
    case 'empty':
      return [{ kind: 'empty' }];
    case 'range':
      return [prepareRange(column, condition)];
    case 'moment-range':
      return [prepareBounds(column, condition.from, condition.to)];
    case 'fuzzy-name':
      return prepareWords(column, condition.words, condition.isPhonetic === true);
  }
}

/** Whether any of an element's normalised values passes `test`. */
export function passesTest(values: readonly (string | number)[], test: ValueTest): boolean {
  if (test.kind === 'empty') return values.length === 0;
  return values.some((value) => valuePasses(value, test));
}

function valuePasses(
  value: string | number,
  test: Exclude<ValueTest, { readonly kind: 'empty' }>,
): boolean {
  switch (test.kind) {
    case 'equals':
      return (test.ignoresCase ? toLowerCharacters(String(value)) : value) === test.value;
    case 'equals-any':
      return test.values.includes(String(value));
    case 'wildcard': {
      const text = String(value);
      return matchesWildcard(test.pattern, test.ignoresCase ? toLowerCharacters(text) : text);
    }
    case 'between':
      return (
        (test.from === undefined || value >= test.from) &&
        (test.to === undefined || value <= test.to)
      );
    case 'word-prefix':
      return wordsOfName(String(value)).some(
        (word) =>
          word.startsWith(test.word) ||
          (test.codes.length > 0 && phoneticCodes(word).some((code) => test.codes.includes(code))),
      );
  }
}

function unfit(column: IndexColumn, reason: string): GantryError {
  return new GantryError('bad-request', `${column.keyword}: ${reason}`);
}

function prepareEquals(column: IndexColumn, text: string, ignoresCase: boolean): ValueTest[] {
  if (column.kind === 'name') {
    return nameGroups(column, text).map((value) => ({
      kind: 'equals',
      value,
      ignoresCase: false,
    }));
  }
  if (isTemporalVr(column.kind)) {
    const { earliest, latest } = spanOf(column, column.kind, text);
    return [{ kind: 'between', from: earliest, to: latest }];
  }
  if (column.kind === 'uid') {
    return [{ kind: 'equals', value: uidOf(column, text), ignoresCase: false }];
  }
  const value = normaliseValue(column.kind, text);
  if (value === undefined) throw unfit(column, `not a value of VR ${column.vr}`);
  return ignoresCase && typeof value === 'string'
    ? [{ kind: 'equals', value: toLowerCharacters(value), ignoresCase }]
    : [{ kind: 'equals', value, ignoresCase: false }];
}

function prepareWildcard(column: IndexColumn, text: string, ignoresCase: boolean): ValueTest[] {
  if (column.kind === 'name') {
    return nameGroups(column, text).map((pattern) => ({
      kind: 'wildcard',
      pattern,
      ignoresCase: false,
    }));
  }
  if (column.kind !== 'text') throw unfit(column, `VR ${column.vr} allows no wildcard`);
  const pattern = toSearchText(text);
  if (pattern === '') throw unfit(column, 'the pattern is empty');
  return [
    { kind: 'wildcard', pattern: ignoresCase ? toLowerCharacters(pattern) : pattern, ignoresCase },
  ];
}

/** The component groups that a query names (PS3.5 §6.2.1), each of which some group of the value must match. */
function nameGroups(column: IndexColumn, text: string): string[] {
  const groups = text
    .split('=')
    .map(toSearchName)
    .filter((group) => !isUniversalPattern(group));
  if (groups.length === 0) throw unfit(column, 'the name is empty');
  return groups;
}

function prepareList(column: IndexColumn, texts: readonly string[]): string[] {
  if (texts.length === 0) throw unfit(column, 'the list is empty');
  if (texts.length > limits.queryUidListMax) {
    throw unfit(column, `more than ${limits.queryUidListMax} values`);
  }
  if (column.vr === 'UI') return texts.map((text) => uidOf(column, text));
  if (column.kind !== 'text') throw unfit(column, `VR ${column.vr} allows no list`);
  return texts.map((text) => {
    const value = toSearchText(text);
    if (value === '') throw unfit(column, 'a value of the list is empty');
    return value;
  });
}

function uidOf(column: IndexColumn, text: string): string {
  const uid = trimUid(text);
  if (!isUid(uid)) throw unfit(column, 'not a UID');
  return uid;
}

function prepareRange(
  column: IndexColumn,
  range: { readonly from?: string; readonly to?: string },
): ValueTest {
  if (!isTemporalVr(column.kind)) throw unfit(column, `VR ${column.vr} allows no range`);
  const from =
    range.from === undefined ? undefined : spanOf(column, column.kind, range.from).earliest;
  const to = range.to === undefined ? undefined : spanOf(column, column.kind, range.to).latest;
  return prepareBounds(column, from, to);
}

function prepareBounds(column: IndexColumn, from?: string, to?: string): ValueTest {
  if (from === undefined && to === undefined) throw unfit(column, 'the range has no bound');
  if (from !== undefined && to !== undefined && from > to) {
    throw unfit(column, 'the range ends before it begins');
  }
  return {
    kind: 'between',
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
  };
}

function spanOf(
  column: IndexColumn,
  vr: TemporalVr,
  text: string,
): { readonly earliest: string; readonly latest: string } {
  const span = readTemporalSpan(vr, toSearchText(text));
  if (span === undefined) throw unfit(column, `not a value of VR ${vr}`);
  return span;
}

function prepareWords(
  column: IndexColumn,
  texts: readonly string[],
  isPhonetic: boolean,
): ValueTest[] {
  if (column.kind !== 'name') throw unfit(column, `VR ${column.vr} allows no fuzzy matching`);
  const words = texts.flatMap((text) => wordsOfName(toSearchName(text)));
  if (words.length === 0) throw unfit(column, 'the name is empty');
  return words.map((word) => ({
    kind: 'word-prefix',
    word,
    codes: isPhonetic ? phoneticCodes(word) : [],
  }));
}
