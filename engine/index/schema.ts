import { createHash } from 'node:crypto';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { indexTables } from '#engine/query/compile-sql.js';
import { encodeTextCell } from '#engine/query/index-cell.js';
import {
  indexColumns,
  readColumnValues,
  type IndexColumn,
  type IndexedRecord,
} from '#engine/query/index-columns.js';
import type { DuckdbCell } from '#native-bindings/duckdb/duckdb-database.js';

/**
 * The tables of the index, made from the attribute table: `studies`, `series` and `instances`, one row a record, and
 * `index_state`, one row. No table has a key, a unique constraint or an index: DuckDB rewrites such indexes at every checkpoint
 * and has corrupted them on replacement. Rows are appended in the order of `sequence`, so that its zone maps find recent rows.
 */

/** To be raised when the same columns get other contents, e.g. when text is folded differently. */
const cellVersion = 1;

const levels: readonly QueryLevel[] = ['study', 'series', 'instance'];

/** After partition and sequence: the UIDs that identify the row, then the other columns of its level. */
const tableColumns: Readonly<Record<QueryLevel, readonly IndexColumn[]>> = {
  study: withKeys('study'),
  series: withKeys('series'),
  instance: withKeys('instance'),
};

function withKeys(level: QueryLevel): readonly IndexColumn[] {
  const all = levels.flatMap((each) => indexColumns[each]);
  const keys = indexTables[level].keyColumns.map((name) => all.find((each) => each.name === name));
  const own = indexColumns[level].filter((column) => !keys.includes(column));
  return [...keys.filter((column) => column !== undefined), ...own];
}

function createTable(level: QueryLevel): string {
  const columns = tableColumns[level].map((column) => `"${column.name}" ${column.type}`);
  const all = ['"partition" BIGINT NOT NULL', '"sequence" BIGINT NOT NULL', ...columns];
  return `CREATE TABLE ${indexTables[level].table} (${all.join(', ')})`;
}

const createTables: readonly string[] = [
  'CREATE TABLE index_state (schema_version VARCHAR NOT NULL, applied_sequence BIGINT NOT NULL)',
  ...levels.map(createTable),
];

/** Names the tables and the meaning of their cells; an index of another version is rebuilt, never changed. */
export const schemaVersion = createHash('sha256')
  .update([String(cellVersion), ...createTables].join('\n'))
  .digest('hex')
  .slice(0, 16);

/** What makes an empty database an index at sequence 0. */
export const createStatements: readonly string[] = [
  ...createTables,
  `INSERT INTO index_state VALUES ('${schemaVersion}', 0)`,
];

/** The cells of a record's row in the order of its table. */
export function rowOf(level: QueryLevel, partition: number, record: IndexedRecord): DuckdbCell[] {
  const row: DuckdbCell[] = [BigInt(partition), BigInt(record.sequence)];
  for (const column of tableColumns[level]) {
    const values = readColumnValues(column, record);
    const holdsMany = column.kind === 'text' || column.kind === 'name';
    row.push(holdsMany ? encodeTextCell(values) : (values[0] ?? null));
  }
  return row;
}
