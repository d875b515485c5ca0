import { GantryError } from '#engine/base/error-catalogue.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { findIndexColumn, type IndexColumn } from './index-columns.js';
import { encloseValue, valueSeparator } from './index-cell.js';
import { matchOrder } from './match-order.js';
import { prepareTests, type ValueTest } from './matching.js';
import type { QueryCondition, QueryExpression } from './query-expression.js';
import { hasWildcard } from './wildcard.js';

/** string → VARCHAR, number → DOUBLE, bigint → BIGINT, array → VARCHAR[]. */
export type SqlValue = string | number | bigint | readonly string[];

/** A statement of DuckDB's SQL whose `$1`, `$2`, … are `values`. Nothing a peer sent is part of `text`. */
export interface SqlQuery {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** Names of the index tables, and the UID columns that identify their rows. A row holds the UIDs of its parents too. */
export const indexTables: Readonly<
  Record<QueryLevel, { readonly table: string; readonly keyColumns: readonly string[] }>
> = Object.freeze({
  study: { table: 'studies', keyColumns: ['study_instance_uid'] },
  series: { table: 'series', keyColumns: ['study_instance_uid', 'series_instance_uid'] },
  instance: {
    table: 'instances',
    keyColumns: ['study_instance_uid', 'series_instance_uid', 'sop_instance_uid'],
  },
});

/**
 * The query as SQL: rows of UIDs down to the level, in the order of match-order.ts, one more than `limit` so that the caller sees
 * whether the page is cut. Throws `bad-request` as `prepareTests`.
 */
export function compileSql(expression: QueryExpression): SqlQuery {
  const compiler = new SqlCompiler(expression.level);
  compiler.require(
    `${compiler.baseColumn('partition')} = ${compiler.bind(BigInt(expression.partition))}`,
  );
  if (expression.studyInstanceUid !== undefined) {
    compiler.require(
      `${compiler.baseColumn('study_instance_uid')} = ${compiler.bind(expression.studyInstanceUid)}`,
    );
  }
  if (expression.seriesInstanceUid !== undefined && expression.level !== 'study') {
    compiler.require(
      `${compiler.baseColumn('series_instance_uid')} = ${compiler.bind(expression.seriesInstanceUid)}`,
    );
  }
  for (const condition of expression.conditions) compiler.addCondition(condition);
  return compiler.finish(expression.limit, expression.offset);
}

/** Collects the conditions of one statement and the tables that they need. */
class SqlCompiler {
  readonly #level: QueryLevel;
  readonly #values: SqlValue[] = [];
  readonly #predicates: string[] = [];
  readonly #joined = new Set<QueryLevel>();

  constructor(level: QueryLevel) {
    this.#level = level;
  }

  /** Adds a value and returns its place holder. */
  bind(value: SqlValue): string {
    this.#values.push(value);
    return `$${this.#values.length}`;
  }

  require(predicate: string): void {
    this.#predicates.push(predicate);
  }

  baseColumn(name: string): string {
    return columnOf(this.#level, name);
  }

  addCondition(condition: QueryCondition): void {
    const column = findIndexColumn(this.#level, condition.attribute);
    if (column === undefined) {
      throw new GantryError('bad-request', `${condition.attribute.tag} cannot be searched here`);
    }
    const place = this.#place(column);
    for (const test of prepareTests(column, condition)) {
      this.require(this.#predicate(column, place, test));
    }
  }

  finish(limit: number, offset: number): SqlQuery {
    const { keyColumns } = indexTables[this.#level];
    const order = matchOrder[this.#level].map(
      ({ column, isDescending }) =>
        `${this.baseColumn(column.name)} ${isDescending ? 'DESC' : 'ASC'} NULLS LAST`,
    );
    const text =
      `SELECT ${keyColumns.map((name) => this.baseColumn(name)).join(', ')}` +
      ` FROM ${indexTables[this.#level].table}` +
      [...this.#joined].map((level) => this.#join(level)).join('') +
      ` WHERE ${this.#predicates.join(' AND ')}` +
      ` ORDER BY ${order.join(', ')}` +
      ` LIMIT ${this.bind(BigInt(limit) + 1n)} OFFSET ${this.bind(BigInt(offset))}`;
    return { text, values: this.#values };
  }

  /** The qualified column; its table is joined unless the rows searched hold the UID themselves. */
  #place(column: IndexColumn): string {
    if (indexTables[this.#level].keyColumns.includes(column.name)) {
      return this.baseColumn(column.name);
    }
    if (column.level !== this.#level) this.#joined.add(column.level);
    return columnOf(column.level, column.name);
  }

  #join(level: QueryLevel): string {
    const { table, keyColumns } = indexTables[level];
    const equalities = ['partition', ...keyColumns].map(
      (name) => `${columnOf(level, name)} = ${this.baseColumn(name)}`,
    );
    return ` JOIN ${table} ON ${equalities.join(' AND ')}`;
  }

  #predicate(column: IndexColumn, place: string, test: ValueTest): string {
    switch (test.kind) {
      case 'equals':
        return this.#equality(column, test.ignoresCase ? `lower(${place})` : place, test.value);
      case 'equals-any':
        return holdsManyValues(column)
          ? `list_has_any(string_split(${place}, ${separatorSql}), ${this.bind(test.values)})`
          : `${place} IN (SELECT unnest(${this.bind(test.values)}))`;
      case 'wildcard':
        return this.#wildcard(test.ignoresCase ? `lower(${place})` : place, test.pattern);
      case 'between': {
        const bounds: string[] = [];
        if (test.from !== undefined) bounds.push(`${place} >= ${this.bind(test.from)}`);
        if (test.to !== undefined) bounds.push(`${place} <= ${this.bind(test.to)}`);
        return bounds.join(' AND ');
      }
      case 'word-prefix':
        return `regexp_matches(${place}, ${this.bind(wordPrefixRegExp(test.word))})`;
    }
  }

  #equality(column: IndexColumn, place: string, value: string | number): string {
    const single = `${place} = ${this.bind(value)}`;
    if (!holdsManyValues(column) || typeof value === 'number') return single;
    return `(${single} OR contains(${place}, ${this.bind(encloseValue(value))}))`;
  }

  /**
   * The two usual shapes become substring searches. The others become a regular expression of escaped literals for RE2, whose
   * time is linear; DuckDB's LIKE goes back to every `%` and can be made to run for minutes by a pattern of many.
   */
  #wildcard(place: string, pattern: string): string {
    const start = pattern.slice(0, -1);
    if (pattern.endsWith('*') && !hasWildcard(start)) {
      return `(starts_with(${place}, ${this.bind(start)}) OR contains(${place}, ${this.bind(valueSeparator + start)}))`;
    }
    const middle = pattern.slice(1, -1);
    if (pattern === `*${middle}*` && !hasWildcard(middle)) {
      return `contains(${place}, ${this.bind(middle)})`;
    }
    return `regexp_matches(${place}, ${this.bind(wildcardRegExp(pattern))})`;
  }
}

const separatorSql = `chr(${valueSeparator.charCodeAt(0)})`;

function columnOf(level: QueryLevel, name: string): string {
  return `${indexTables[level].table}."${name}"`;
}

function holdsManyValues(column: IndexColumn): boolean {
  return column.kind === 'text' || column.kind === 'name';
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
