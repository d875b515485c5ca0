import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import { readMoments } from './date-time-pairs.js';
import { encodeTextCell } from './index-cell.js';
import {
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
import type { MatchedRecords } from './row-to-json.js';
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
  const conditions = prepareConditions(expression);
  const matchesLevel = (level: QueryLevel, record: IndexedRecord): boolean =>
    conditions.every((condition) => condition.level !== level || condition.passes(record));
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
    readItems(record.attributes[column.tag], memberTags).some((item) =>
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

function toPage(expression: QueryExpression, matches: readonly MatchedRecords[]): QueryPage {
  const { limit, offset, after, wantsTotal } = expression;
  const order = orderOf(expression);
  const rows = inOrder(order, matches).filter(
    ({ position }) => after === undefined || comparePositions(order, position, after) > 0,
  );
  const page = rows.slice(offset, offset + limit);
  const last = page.at(-1)?.position;
  const isCut = rows.length > offset + limit;
  return {
    keys: page.map(({ match }) => keyOf(match)),
    isCut,
    ...(isCut && last !== undefined ? { last } : {}),
    ...(wantsTotal === true ? { total: matches.length } : {}),
  };
}

function keyOf({ study, series, instance }: MatchedRecords): QueryKey {
  const { studyInstanceUid } = study;
  if (series === undefined) return { studyInstanceUid };
  const { seriesInstanceUid } = series;
  if (instance === undefined) return { studyInstanceUid, seriesInstanceUid };
  return { studyInstanceUid, seriesInstanceUid, sopInstanceUid: instance.sopInstanceUid };
}
