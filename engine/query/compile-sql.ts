import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { dayStart } from './date-time-pairs.js';
import { searchedColumn, type IndexColumn } from './index-columns.js';
import {
  matchOrder,
  orderedCharactersMax,
  orderOf,
  patientOrder,
  type OrderKey,
} from './match-order.js';
import { prepareTests, type ValueTest } from './matching.js';
import type { QueryCondition, QueryExpression, QueryPosition } from './query-expression.js';
import { someItemSql } from './sequence-items.js';
import { splitConditions, type ItemTests } from './split-conditions.js';
import { holdsManyValues, separatorSql, testToSql } from './sql-tests.js';
import { SqlValues, type SqlValue } from './sql-values.js';

/** A statement of DuckDB's SQL whose `$1`, `$2`, … are `values`. Nothing a peer sent is part of `text`. */
export interface SqlQuery {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** The statement of a page. Its rows begin with the UIDs down to the level. */
export interface PageSql extends SqlQuery {
  /** For each key of the order the number of its cell in a row. */
  readonly positionCells: readonly number[];
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
 * The query as SQL: rows in the order of match-order.ts, one more than `limit` so that the caller sees whether the page is cut.
 * Throws `bad-request` as `prepareTests` and `orderOf`.
 */
export function compileSql(expression: QueryExpression): PageSql {
  return new SqlCompiler(expression).page();
}

/** The number of matches, as the one cell of one row, whatever `limit`, `offset` and `after`. Throws as `compileSql`. */
export function compileCount(expression: QueryExpression): SqlQuery {
  return new SqlCompiler(expression).count();
}

/** Collects the conditions of one statement and the tables that they need. */
class SqlCompiler {
  readonly #expression: QueryExpression;
  readonly #level: QueryLevel;
  readonly #values = new SqlValues();
  readonly #predicates: string[] = [];
  readonly #joined = new Set<QueryLevel>();

  constructor(expression: QueryExpression) {
    const { level, partition, studyInstanceUid, seriesInstanceUid } = expression;
    this.#expression = expression;
    this.#level = level;
    this.#requireEqual('partition', BigInt(partition));
    if (studyInstanceUid !== undefined) this.#requireEqual('study_instance_uid', studyInstanceUid);
    if (seriesInstanceUid !== undefined && level !== 'study') {
      this.#requireEqual('series_instance_uid', seriesInstanceUid);
    }
    const { alone, items } = splitConditions(level, expression.conditions);
    for (const condition of alone) this.#addCondition(condition);
    for (const tests of items) this.#addItemTests(tests);
  }

  page(): PageSql {
    const { after, limit, offset } = this.#expression;
    const order = orderOf(this.#expression);
    const places = order.map(({ column }) => orderedValueSql(column, this.#place(column)));
    const keys = indexTables[this.#level].keyColumns.map((name) => columnOf(this.#level, name));
    const cells = [...new Set([...keys, ...places])];
    const terms = order.map(
      ({ isDescending }, n) => `${places[n]} ${isDescending ? 'DESC' : 'ASC'} NULLS LAST`,
    );
    const rows = this.#rows();
    const behind = after === undefined ? [] : [this.#behind(order, places, after)];
    const text =
      `SELECT ${cells.join(', ')}${rows.from}` +
      whereAll([...rows.predicates, ...behind]) +
      ` ORDER BY ${terms.join(', ')}` +
      ` LIMIT ${this.#values.bind(BigInt(limit) + 1n)} OFFSET ${this.#values.bind(BigInt(offset))}`;
    const positionCells = places.map((place) => cells.indexOf(place));
    return { text, values: this.#values.all, positionCells };
  }

  count(): SqlQuery {
    const { from, predicates } = this.#rows();
    return {
      text: `SELECT count(*)${from}${whereAll(predicates)}`,
      values: this.#values.all,
    };
  }

  /** What rows are taken from, and which predicates are still to be asked of them. */
  #rows(): { readonly from: string; readonly predicates: readonly string[] } {
    const { table } = indexTables[this.#level];
    const joins = [...this.#joined].map((level) => this.#join(level)).join('');
    if (this.#expression.isByPatient !== true) {
      return { from: ` FROM ${table}${joins}`, predicates: this.#predicates };
    }
    const patient = patientOrder.map(({ column }) => this.#place(column));
    const newest = matchOrder.study.map(
      ({ column, isDescending }) =>
        `${this.#place(column)} ${isDescending ? 'DESC' : 'ASC'} NULLS LAST`,
    );
    const firstOfPatient =
      `SELECT * FROM ${table}${whereAll(this.#predicates)} QUALIFY row_number() OVER` +
      ` (PARTITION BY ${patient.join(', ')} ORDER BY ${newest.join(', ')}) = 1`;
    return { from: ` FROM (${firstOfPatient}) AS ${table}`, predicates: [] };
  }

  #requireEqual(name: string, value: SqlValue): void {
    this.#predicates.push(`${columnOf(this.#level, name)} = ${this.#values.bind(value)}`);
  }

  #addCondition(condition: QueryCondition): void {
    const column = searchedColumn(this.#level, condition.attribute);
    const own = this.#place(column);
    let sql = own;
    if (condition.kind === 'moment-range') {
      const time = this.#place(searchedColumn(this.#level, condition.timeAttribute));
      sql = `(${own} || coalesce(${time}, '${dayStart}'))`;
    }
    for (const test of prepareTests(column, condition)) {
      this.#predicates.push(this.#testSql(column, sql, test));
    }
  }

  /** One test for a value can be asked of the cell that holds the member's values of all items. */
  #addItemTests({ column, members }: ItemTests): void {
    const all = members.flatMap(({ tests, ...member }) =>
      tests.map((test) => ({ ...member, test })),
    );
    const [only] = all;
    if (all.length === 1 && only !== undefined && only.test.kind !== 'empty') {
      this.#predicates.push(this.#testSql(only.column, this.#place(only.column), only.test));
      return;
    }
    const someItem = someItemSql(this.#place(column), (memberSql) =>
      all.map((each) => this.#testSql(each.column, memberSql(each.place), each.test)).join(' AND '),
    );
    this.#predicates.push(someItem);
  }

  #testSql(column: IndexColumn, sql: string, test: ValueTest): string {
    const sibling = (name: string): string => columnOf(column.level, name);
    return testToSql(this.#values, { column, sql, sibling }, test);
  }

  /** The rows behind a position: equal in the first keys, and behind in the next one. */
  #behind(order: readonly OrderKey[], places: readonly string[], after: QueryPosition): string {
    const alternatives: string[] = [];
    const equalSoFar: string[] = [];
    for (const [n, { isDescending }] of order.entries()) {
      const place = places[n]!;
      const value = after[n] ?? null;
      if (value === null) {
        equalSoFar.push(`${place} IS NULL`);
        continue;
      }
      const bound = this.#values.bind(value);
      const next = `(${place} ${isDescending ? '<' : '>'} ${bound} OR ${place} IS NULL)`;
      alternatives.push([...equalSoFar, next].join(' AND '));
      equalSoFar.push(`${place} = ${bound}`);
    }
    return alternatives.length === 0 ? 'false' : `(${alternatives.join(' OR ')})`;
  }

  /** The qualified column; its table is joined unless the rows searched hold the UID themselves. */
  #place(column: IndexColumn): string {
    if (indexTables[this.#level].keyColumns.includes(column.name)) {
      return columnOf(this.#level, column.name);
    }
    if (column.level !== this.#level) this.#joined.add(column.level);
    return columnOf(column.level, column.name);
  }

  #join(level: QueryLevel): string {
    const { table, keyColumns } = indexTables[level];
    const equalities = ['partition', ...keyColumns].map(
      (name) => `${columnOf(level, name)} = ${columnOf(this.#level, name)}`,
    );
    return ` JOIN ${table} ON ${equalities.join(' AND ')}`;
  }
}

/** What a column counts for in an order: the beginning of the first of the values that its cells hold. */
function orderedValueSql(column: IndexColumn, place: string): string {
  if (!holdsManyValues(column)) return place;
  const isList = `starts_with(${place}, ${separatorSql})`;
  const first = `string_split(${place}, ${separatorSql})[2]`;
  return `left(CASE WHEN ${isList} THEN ${first} ELSE ${place} END, ${orderedCharactersMax})`;
}

function whereAll(predicates: readonly string[]): string {
  return predicates.length === 0 ? '' : ` WHERE ${predicates.join(' AND ')}`;
}

function columnOf(level: QueryLevel, name: string): string {
  return `${indexTables[level].table}."${name}"`;
}
