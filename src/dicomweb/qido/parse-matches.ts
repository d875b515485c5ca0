import { GantryError } from '#engine/base/error-catalogue.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { combineDateTime, dateTimePairs } from '#engine/query/date-time-pairs.js';
import { parseQueryValue, type QueryValueOptions } from '#engine/query/parse-query-value.js';
import type { AttributeReference, QueryCondition } from '#engine/query/query-expression.js';

/** A matching parameter of a search: an attribute that can be searched, and its value as sent. */
export interface NamedValue {
  readonly reference: AttributeReference;
  readonly value: string;
}

/**
 * The conditions that the matching parameters of a search state together: each by itself, but a date and its time, when they are
 * a range, as one range of moments (PS3.18 §8.3.4.1.1). Throws `bad-request`.
 */
export function parseMatches(
  level: QueryLevel,
  values: readonly NamedValue[],
  options: QueryValueOptions,
): QueryCondition[] {
  const conditions: QueryCondition[] = [];
  const combined = new Set<NamedValue>();
  for (const pair of dateTimePairs) {
    const date = onlyValueOf(values, pair.dateTag);
    const time = onlyValueOf(values, pair.timeTag);
    if (date === undefined || time === undefined) continue;
    const range = combineDateTime(pair, { date: date.value, time: time.value });
    if (range === undefined) continue;
    conditions.push(range);
    combined.add(date).add(time);
  }
  for (const named of values) {
    if (combined.has(named)) continue;
    requireNoQuotes(named, options);
    const condition = parseQueryValue(level, named.reference, named.value, options);
    if (condition !== undefined) conditions.push(condition);
  }
  return conditions;
}

function onlyValueOf(values: readonly NamedValue[], tag: string): NamedValue | undefined {
  const found = values.filter(({ reference }) => reference.tag === tag);
  return found.length === 1 ? found[0] : undefined;
}

/** In the dialect without wildcards a fuzzy name is a list of words, which quotation marks are no part of. */
function requireNoQuotes({ reference, value }: NamedValue, options: QueryValueOptions): void {
  const isWordList = options.fuzzyNames === true && options.literalWildcards === true;
  if (isWordList && value.includes('"')) {
    throw new GantryError('bad-request', `${reference.tag}: a name holds no quotation mark`);
  }
}
