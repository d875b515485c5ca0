import { encloseValue, valueSeparator } from './index-cell.js';
import { toPhoneticName, type IndexColumn } from './index-columns.js';
import type { ValueTest } from './matching.js';
import type { SqlValues } from './sql-values.js';
import { hasWildcard } from './wildcard.js';

/** Where a test looks: a column, and the SQL that names it or is computed of it. */
export interface TestedPlace {
  readonly column: IndexColumn;
  readonly sql: string;
  /** SQL of another column of the same table. */
  sibling(name: string): string;
}

/** One test of matching.ts as a predicate. */
export function testToSql(values: SqlValues, place: TestedPlace, test: ValueTest): string {
  const { column, sql } = place;
  switch (test.kind) {
    case 'empty':
      return `${sql} IS NULL`;
    case 'equals':
      return equality(values, column, test.ignoresCase ? `lower(${sql})` : sql, test.value);
    case 'equals-any':
      return holdsManyValues(column)
        ? `list_has_any(string_split(${sql}, ${separatorSql}), ${values.bind(test.values)})`
        : `${sql} IN (SELECT unnest(${values.bind(test.values)}))`;
    case 'wildcard':
      return wildcard(values, test.ignoresCase ? `lower(${sql})` : sql, test.pattern);
    case 'between': {
      const bounds: string[] = [];
      if (test.from !== undefined) bounds.push(`${sql} >= ${values.bind(test.from)}`);
      if (test.to !== undefined) bounds.push(`${sql} <= ${values.bind(test.to)}`);
      return bounds.join(' AND ');
    }
    case 'word-prefix': {
      const prefix = `regexp_matches(${sql}, ${values.bind(wordPrefixRegExp(test.word))})`;
      if (test.codes.length === 0) return prefix;
      const codes = `string_split(${place.sibling(toPhoneticName(column))}, ${separatorSql})`;
      return `(${prefix} OR coalesce(list_has_any(${codes}, ${values.bind(test.codes)}), false))`;
    }
  }
}

/** The separator of such cells. */
export const separatorSql = `chr(${valueSeparator.charCodeAt(0)})`;

/** Whether the cells of a column hold any number of values, see index-cell.ts. */
export function holdsManyValues(column: IndexColumn): boolean {
  return column.kind === 'text' || column.kind === 'name';
}

function equality(
  values: SqlValues,
  column: IndexColumn,
  place: string,
  value: string | number,
): string {
  const single = `${place} = ${values.bind(value)}`;
  if (!holdsManyValues(column) || typeof value === 'number') return single;
  return `(${single} OR contains(${place}, ${values.bind(encloseValue(value))}))`;
}

/**
 * The two usual shapes become substring searches. The others become a regular expression of escaped literals for RE2, whose
 * time is linear; DuckDB's LIKE goes back to every `%` and can be made to run for minutes by a pattern of many.
 */
function wildcard(values: SqlValues, place: string, pattern: string): string {
  const start = pattern.slice(0, -1);
  if (pattern.endsWith('*') && !hasWildcard(start)) {
    const inner = values.bind(valueSeparator + start);
    return `(starts_with(${place}, ${values.bind(start)}) OR contains(${place}, ${inner}))`;
  }
  const middle = pattern.slice(1, -1);
  if (pattern === `*${middle}*` && !hasWildcard(middle)) {
    return `contains(${place}, ${values.bind(middle)})`;
  }
  return `regexp_matches(${place}, ${values.bind(wildcardRegExp(pattern))})`;
}

/** RE2 syntax: one whole value of a cell, whose characters are any but the separator. */
function wildcardRegExp(pattern: string): string {
  let body = '';
  for (const character of pattern) {
    if (character === '*') body += `[^${valueSeparator}]*`;
    else if (character === '?') body += `[^${valueSeparator}]`;
    else body += quoteRegExp(character);
  }
  return `(?:\\A|${valueSeparator})${body}(?:\\z|${valueSeparator})`;
}

/** RE2 syntax: a word of a name in any value of a cell begins with `word`. */
function wordPrefixRegExp(word: string): string {
  return `(?:\\A|[ ^${valueSeparator}])${quoteRegExp(word)}`;
}

/** Escapes every ASCII character that is no letter and no digit; RE2 then takes it literally. */
function quoteRegExp(text: string): string {
  return text.replace(/[^a-zA-Z0-9\u0080-\u{10FFFF}]/gu, '\\$&');
}
