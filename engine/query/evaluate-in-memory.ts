import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import { readMoments } from './date-time-pairs.js';
import { encodeTextCell } from './index-cell.js';
import {
  elementOf,
  memberTagsOf,
  readColumnValues,
  searchedColumn,
  type IndexedRecord,
} from './index-columns.js';
import { comparePositions, matchOrder, orderOf, patientOrder, positionOf } from './match-order.js';
import { passesTest, prepareTests } from './matching.js';
import type {
  QueryCondition,
  QueryExpression,
  QueryKey,
  QueryPage,
  QueryPosition,
} from './query-expression.js';
import type { MatchedRecords } from './row-text.js';
import { readItems } from './sequence-items.js';
import { splitConditions, type ItemTests } from './split-conditions.js';

/** The records of one partition. Every series has its study among them, every instance its series. */
export interface QueriedRecords {
  readonly studies: readonly StudyRecord[];
  readonly series: readonly SeriesRecord[];
  readonly instances: readonly InstanceRecord[];
}

interface RecordTest {
  readonly level: QueryLevel;
  readonly passes: (record: IndexedRecord) => boolean;
}

/**
 * Answers a query from arrays of records: the meaning of a QueryExpression in the plainest form, which the SQL of compile-sql.ts
 * is tested against. Throws `bad-request` as `prepareTests` and `orderOf`.
 */
export function evaluateInMemory(expression: QueryExpression, records: QueriedRecords): QueryPage {
  const { matches, ...page } = matchInMemory(expression, records);
  return { keys: matches.map(keyOf), ...page };
}

/** A page of matches as their records. */
export interface MatchPage extends Omit<QueryPage, 'keys'> {
  readonly matches: readonly MatchedRecords[];
}

/** Tells the records of a level that match the conditions on it. Throws `bad-request` as `prepareTests`. */
export function recordTest(
  expression: QueryExpression,
): (level: QueryLevel, record: IndexedRecord) => boolean {
  const conditions = prepareConditions(expression);
  return (level, record) =>
    conditions.every((condition) => condition.level !== level || condition.passes(record));
}

/**
 * As `evaluateInMemory` among studies that are in the order of the query already, all of them behind where its page begins: where
 * each stands need not be worked out.
 */
export function matchInOrder(
  expression: QueryExpression,
  studies: readonly StudyRecord[],
): MatchPage {
  const passes = recordTest(expression);
  const rows = studies.filter((study) => passes('study', study)).map((study) => ({ study }));
  return pageOf(expression, orderOf(expression), rows);
}

/** As `evaluateInMemory`, with the records instead of their keys. */
export function matchInMemory(expression: QueryExpression, records: QueriedRecords): MatchPage {
  const matchesLevel = recordTest(expression);
  const studies = records.studies.filter(
    (study) =>
      isNamed(expression.studyInstanceUid, study.studyInstanceUid) && matchesLevel('study', study),
  );
  if (expression.level === 'study') {
    const matches = studies.map((study) => ({ study }));
    return toPage(expression, expression.isByPatient === true ? onePerPatient(matches) : matches);
  }

  const studyByUid = new Map(studies.map((study) => [study.studyInstanceUid, study]));
  const seriesMatches = records.series.flatMap((series) => {
    const study = studyByUid.get(series.studyInstanceUid);
    const isMatch =
      study !== undefined &&
      isNamed(expression.seriesInstanceUid, series.seriesInstanceUid) &&
      matchesLevel('series', series);
    return isMatch ? [{ study, series }] : [];
  });
  if (expression.level === 'series') return toPage(expression, seriesMatches);

  const matchByKey = new Map(seriesMatches.map((match) => [seriesKey(match.series), match]));
  const matches = records.instances.flatMap((instance) => {
    const match = matchByKey.get(seriesKey(instance));
    return match !== undefined && matchesLevel('instance', instance)
      ? [{ ...match, instance }]
      : [];
  });
  return toPage(expression, matches);
}

function prepareConditions({ level, conditions }: QueryExpression): RecordTest[] {
  const { alone, items } = splitConditions(level, conditions);
  return [...alone.map((condition) => valueTest(level, condition)), ...items.map(itemTest)];
}

function valueTest(level: QueryLevel, condition: QueryCondition): RecordTest {
  const column = searchedColumn(level, condition.attribute);
  const tests = prepareTests(column, condition);
  let valuesOf = (record: IndexedRecord): readonly (string | number)[] =>
    readColumnValues(column, record);
  if (condition.kind === 'moment-range') {
    const timeColumn = searchedColumn(level, condition.timeAttribute);
    valuesOf = (record) => readMoments(column, timeColumn, record);
  }
  const passes = (record: IndexedRecord): boolean => {
    const values = valuesOf(record);
    return tests.every((test) => passesTest(values, test));
  };
  return { level: column.level, passes };
}

function itemTest({ column, members }: ItemTests): RecordTest {
  const memberTags = memberTagsOf(column);
  const passes = (record: IndexedRecord): boolean =>
    readItems(elementOf(record, column.tag), memberTags).some((item) =>
      members.every(({ place, tests }) =>
        tests.every((test) => passesTest(item[place] ?? [], test)),
      ),
    );
  return { level: column.level, passes };
}

function isNamed(wanted: string | undefined, uid: string): boolean {
  return wanted === undefined || wanted === uid;
}

function seriesKey(record: SeriesRecord | InstanceRecord): string {
  return `${record.studyInstanceUid}/${record.seriesInstanceUid}`;
}

interface PlacedMatch {
  readonly match: MatchedRecords;
  readonly position: QueryPosition;
}

function onePerPatient(matches: readonly MatchedRecords[]): MatchedRecords[] {
  const patients = new Map<string, MatchedRecords>();
  for (const { match } of inOrder(matchOrder.study, matches)) {
    const cells = patientOrder.map(({ column }) =>
      encodeTextCell(readColumnValues(column, match.study)),
    );
    const patient = JSON.stringify(cells);
    if (!patients.has(patient)) patients.set(patient, match);
  }
  return [...patients.values()];
}

function inOrder(
  order: ReturnType<typeof orderOf>,
  matches: readonly MatchedRecords[],
): PlacedMatch[] {
  return matches
    .map((match) => ({ match, position: positionOf(order, match) }))
    .sort((left, right) => comparePositions(order, left.position, right.position));
}

function toPage(expression: QueryExpression, matches: readonly MatchedRecords[]): MatchPage {
  const { after, wantsTotal } = expression;
  const order = orderOf(expression);
  const rows = inOrder(order, matches).filter(
    ({ position }) => after === undefined || comparePositions(order, position, after) > 0,
  );
  const page = pageOf(
    expression,
    order,
    rows.map(({ match }) => match),
  );
  return wantsTotal === true ? { ...page, total: matches.length } : page;
}

/** The page of rows that begin where the page would without an offset. */
function pageOf(
  { limit, offset }: QueryExpression,
  order: ReturnType<typeof orderOf>,
  rows: readonly MatchedRecords[],
): MatchPage {
  const matches = rows.slice(offset, offset + limit);
  const last = matches.at(-1);
  const isCut = rows.length > offset + limit;
  return {
    matches,
    isCut,
    ...(isCut && last !== undefined ? { last: positionOf(order, last) } : {}),
  };
}

/** UIDs of a match, as deep as it goes. */
export function keyOf({ study, series, instance }: MatchedRecords): QueryKey {
  const { studyInstanceUid } = study;
  if (series === undefined) return { studyInstanceUid };
  const { seriesInstanceUid } = series;
  if (instance === undefined) return { studyInstanceUid, seriesInstanceUid };
  return { studyInstanceUid, seriesInstanceUid, sopInstanceUid: instance.sopInstanceUid };
}
