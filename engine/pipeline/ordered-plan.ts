import { setImmediate } from 'node:timers/promises';
import { recordTest } from '#engine/query/evaluate-in-memory.js';
import { searchedColumn } from '#engine/query/index-columns.js';
import { passesTest, prepareTests } from '#engine/query/matching.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import type { CatalogReader, StudyOrderRange } from '#engine/store/catalog/catalog-reader.js';
import type { StudyRecord } from '#engine/store/catalog/catalog-records.js';
import type { StudyGist } from '#engine/store/catalog/study-gist.js';
import { placeOf, studyPlace, type StudyPlace } from '#engine/store/catalog/study-order.js';
import type { CatalogPlan } from './catalog-plan.js';

/** Keys that a page may skip; skipping 2,000 takes about half a millisecond. */
const offsetMax = 2_000;

/** Records that are looked at for matches before the index is asked: about two milliseconds on this thread. */
const recordsMax = 256;
const recordsAtOnce = 64;
const recordsAtLeast = 8;

/** Keys of the list that are looked at where their gists tell: about 20 ms of this thread, in steps of less than one. */
const keysMax = 16_384;
const keysAtOnce = 512;
/** After so many the walk goes on only when its matches promise to fill the page in time. */
const keysBeforeJudged = 4_096;

const studyDateTag = '00080020';
const modalitiesTag = '00080061';
const patientNameTag = '00100010';

/** What the gist of a study has of an attribute. */
const gistValues: Readonly<Record<string, (gist: StudyGist) => readonly string[]>> = {
  [modalitiesTag]: ({ modalities }) => modalities,
  [patientNameTag]: ({ patientNames }) => patientNames,
};

/** Whether the query asks for a page of studies in their usual order, and no more than the page. */
export function isOfStudyList({
  level,
  isByPatient,
  orderBy,
  wantsTotal,
}: QueryExpression): boolean {
  const isInUsualOrder = isByPatient === undefined && orderBy === undefined;
  return level === 'study' && isInUsualOrder && wantsTotal === undefined;
}

/**
 * Answers a search for studies in their usual order by walking along it: the study list without a condition, and with a date, a
 * modality or a part of a name, where matches are likely to come soon. Undefined when they do not, or when the order or the page
 * is another: then the index is better.
 */
export async function planByStudyOrder(
  reader: CatalogReader,
  query: QueryExpression,
): Promise<CatalogPlan | undefined> {
  const { partition, conditions, offset } = query;
  if (!isOfStudyList(query) || offset > offsetMax) return undefined;
  const unplaced = reader.unplacedStudies(partition, recordsMax);
  if (conditions.length === 0 && unplaced.length === 0) return planList(reader, query);
  const isPromising = conditions.every(
    ({ attribute: { tag } }) => tag === studyDateTag || gistValues[tag] !== undefined,
  );
  if (!isPromising || unplaced.length === recordsMax) return undefined;
  return walk(reader, query, reader.readStudies(partition, unplaced));
}

/** Looks at one study after another until the page is full; `unplaced` may be anywhere in it. */
async function walk(
  reader: CatalogReader,
  query: QueryExpression,
  unplaced: readonly StudyRecord[],
): Promise<CatalogPlan | undefined> {
  const { partition, offset, limit } = query;
  const wanted = offset + limit + 1;
  const gistPasses = gistTest(query);
  const passes = recordTest(query);
  const isMatch = (study: StudyRecord): boolean => passes('study', study);
  const pageEntries = gistPasses === undefined ? recordsAtOnce : keysAtOnce;
  const matches: StudyRecord[] = [];
  let keyCount = 0;
  let recordCount = 0;
  for (const page of reader.studiesInOrder(partition, rangeOf(query, pageEntries))) {
    const uids = page
      .filter(({ gist }) => gist === undefined || (gistPasses?.(gist) ?? true))
      .map(({ studyInstanceUid }) => studyInstanceUid);
    for (let at = 0; at < uids.length && matches.length < wanted;) {
      // Records that are not in memory cost most of a search: hardly more are read than the page needs.
      const lacking = Math.max(wanted - matches.length, recordsAtLeast);
      const next = uids.slice(at, at + Math.min(lacking, recordsAtOnce));
      const studies = reader.readStudies(partition, next);
      at += next.length;
      matches.push(...studies.filter(isMatch));
      recordCount += studies.length;
    }
    if (matches.length >= wanted) break;
    keyCount += page.length;
    if (recordCount - matches.length >= recordsMax || keyCount >= keysMax) return undefined;
    const isJudged = keyCount >= keysBeforeJudged;
    if (isJudged && matches.length * keysMax < wanted * keyCount) return undefined;
    await setImmediate();
  }
  const studies = [...unplaced.filter(isMatch), ...matches];
  const records = { studies, series: [], instances: [] };
  return {
    name: 'study-list',
    keyCount,
    // What has been checked is not checked again.
    query: { ...query, conditions: [] },
    records,
    isInOrder: studies.length === matches.length,
  };
}

/** Whether a study can match, by its gist; undefined when the query asks nothing that a gist tells. */
function gistTest({
  level,
  conditions,
}: QueryExpression): ((gist: StudyGist) => boolean) | undefined {
  const tested = conditions.flatMap((condition) => {
    const valuesOf = gistValues[condition.attribute.tag];
    if (valuesOf === undefined) return [];
    const tests = prepareTests(searchedColumn(level, condition.attribute), condition);
    return [{ valuesOf, tests }];
  });
  if (tested.length === 0) return undefined;
  return (gist) =>
    tested.every(({ valuesOf, tests }) => {
      const values = valuesOf(gist);
      return tests.every((test) => passesTest(values, test));
    });
}

/** The page itself and the study behind it, without reading what it skips. */
function planList(reader: CatalogReader, query: QueryExpression): CatalogPlan | undefined {
  const { partition, offset, limit } = query;
  const end = offset + limit + 1;
  if (limit > recordsMax) return undefined;
  const uids: string[] = [];
  for (const page of reader.studyUidsInOrder(partition, rangeOf(query, Math.min(end, offsetMax)))) {
    uids.push(...page);
    if (uids.length >= end) break;
  }
  const studies = reader.readStudies(partition, uids.slice(offset, end));
  const records = { studies, series: [], instances: [] };
  return {
    name: 'study-list',
    keyCount: uids.length,
    query: { ...query, offset: 0 },
    records,
    isInOrder: true,
  };
}

/** The stretch of the study list that the matches are in. */
function rangeOf(query: QueryExpression, pageEntries: number): StudyOrderRange {
  const behind = placeBehind(query);
  return { ...datesOf(query), ...(behind === undefined ? {} : { after: behind }), pageEntries };
}

/** The place behind which the page begins; undefined when it begins with the first study. */
export function placeBehind({ after }: QueryExpression): StudyPlace | undefined {
  if (after === undefined) return undefined;
  const [date, time, uid] = after.map((value) => (value === null ? undefined : String(value)));
  return studyPlace(placeOf(date, time), uid ?? '');
}

/** The dates that some condition asks for. */
function datesOf({ conditions }: QueryExpression): Pick<StudyOrderRange, 'from' | 'to'> {
  for (const condition of conditions) {
    const isOfDate = condition.attribute.tag === studyDateTag && condition.kind !== 'moment-range';
    if (!isOfDate) continue;
    for (const test of prepareTests(searchedColumn('study', condition.attribute), condition)) {
      if (test.kind !== 'between') continue;
      const { from, to } = test;
      return { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
    }
  }
  return {};
}
