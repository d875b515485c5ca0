import { GantryError } from '#engine/base/error-catalogue.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import {
  findIndexColumn,
  readColumnValues,
  type IndexColumn,
  type IndexedRecord,
} from './index-columns.js';
import { compareByMatchOrder } from './match-order.js';
import { passesTest, prepareTests, type ValueTest } from './matching.js';
import type { QueryExpression, QueryKey, QueryPage } from './query-expression.js';

/** The records of one partition. Every series has its study among them, every instance its series. */
export interface QueriedRecords {
  readonly studies: readonly StudyRecord[];
  readonly series: readonly SeriesRecord[];
  readonly instances: readonly InstanceRecord[];
}

interface ColumnTests {
  readonly column: IndexColumn;
  readonly tests: readonly ValueTest[];
}

/**
 * Answers a query from arrays of records: the meaning of a QueryExpression in the plainest form, which the SQL of compile-sql.ts
 * is tested against. Throws `bad-request` as `prepareTests`.
 */
export function evaluateInMemory(expression: QueryExpression, records: QueriedRecords): QueryPage {
  const conditions = prepareConditions(expression);
  const matchesLevel = (level: QueryLevel, record: IndexedRecord): boolean =>
    conditions.every(
      ({ column, tests }) =>
        column.level !== level ||
        tests.every((test) => passesTest(readColumnValues(column, record), test)),
    );
  const studies = records.studies.filter(
    (study) =>
      isNamed(expression.studyInstanceUid, study.studyInstanceUid) && matchesLevel('study', study),
  );
  if (expression.level === 'study') return toPage(expression, studies);

  const studyUids = new Set(studies.map((study) => study.studyInstanceUid));
  const series = records.series.filter(
    (candidate) =>
      studyUids.has(candidate.studyInstanceUid) &&
      isNamed(expression.seriesInstanceUid, candidate.seriesInstanceUid) &&
      matchesLevel('series', candidate),
  );
  if (expression.level === 'series') return toPage(expression, series);

  const seriesKeys = new Set(series.map(seriesKey));
  const instances = records.instances.filter(
    (instance) => seriesKeys.has(seriesKey(instance)) && matchesLevel('instance', instance),
  );
  return toPage(expression, instances);
}

function prepareConditions(expression: QueryExpression): ColumnTests[] {
  return expression.conditions.map((condition) => {
    const column = findIndexColumn(expression.level, condition.attribute);
    if (column === undefined) {
      throw new GantryError('bad-request', `${condition.attribute.tag} cannot be searched here`);
    }
    return { column, tests: prepareTests(column, condition) };
  });
}

function isNamed(wanted: string | undefined, uid: string): boolean {
  return wanted === undefined || wanted === uid;
}

function seriesKey(record: SeriesRecord | InstanceRecord): string {
  return `${record.studyInstanceUid}/${record.seriesInstanceUid}`;
}

function toPage(expression: QueryExpression, matches: IndexedRecord[]): QueryPage {
  matches.sort((left, right) => compareByMatchOrder(expression.level, left, right));
  const end = expression.offset + expression.limit;
  return {
    keys: matches.slice(expression.offset, end).map(keyOf),
    isCut: matches.length > end,
  };
}

function keyOf(record: IndexedRecord): QueryKey {
  const { studyInstanceUid } = record;
  if (!('seriesInstanceUid' in record)) return { studyInstanceUid };
  const { seriesInstanceUid } = record;
  if (!('sopInstanceUid' in record)) return { studyInstanceUid, seriesInstanceUid };
  return { studyInstanceUid, seriesInstanceUid, sopInstanceUid: record.sopInstanceUid };
}
