import { evaluateInMemory } from '#engine/query/evaluate-in-memory.js';
import { searchedColumn } from '#engine/query/index-columns.js';
import { prepareTests } from '#engine/query/matching.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import type { CatalogReader, StudyOrderRange } from '#engine/store/catalog/catalog-reader.js';
import type { StudyRecord } from '#engine/store/catalog/catalog-records.js';
import type { CatalogPlan } from './catalog-plan.js';

/** Keys that a page may skip; skipping 2,000 takes about half a millisecond. */
const offsetMax = 2_000;

/** Studies that are looked at for matches before the index is asked: about two milliseconds on this thread. */
const examinedMax = 256;
const pageEntries = 64;

const studyDateTag = '00080020';
const modalitiesTag = '00080061';

/**
 * Answers a search for studies in their usual order by walking along it: the study list without a condition, and with a date or
 * a modality, where matches are likely to come soon. Undefined when they do not, or when the order or the page is another: then
 * the index is better.
 */
export function planByStudyOrder(
  reader: CatalogReader,
  query: QueryExpression,
): CatalogPlan | undefined {
  const { partition, conditions, offset, limit } = query;
  const isUsualPage =
    query.level === 'study' &&
    query.isByPatient === undefined &&
    query.orderBy === undefined &&
    query.wantsTotal === undefined;
  if (!isUsualPage || offset > offsetMax) return undefined;
  const unplaced = reader.unplacedStudies(partition, examinedMax);
  if (conditions.length === 0 && unplaced.length === 0) return planList(reader, query);
  const isPromising = conditions.every(
    ({ attribute: { tag } }) => tag === studyDateTag || tag === modalitiesTag,
  );
  if (!isPromising || unplaced.length === examinedMax) return undefined;
  const wanted = offset + limit + 1;
  const studies = present(reader.findStudies(partition, unplaced));
  const unplacedCount = studies.length;
  let examinedCount = 0;
  for (const uids of reader.studyUidsInOrder(partition, rangeOf(query, pageEntries))) {
    studies.push(...matchesAmong(query, present(reader.findStudies(partition, uids))));
    if (studies.length - unplacedCount >= wanted) break;
    examinedCount += uids.length;
    if (examinedCount >= examinedMax) return undefined;
  }
  return { query, records: { studies, series: [], instances: [] } };
}

/** The page itself and the study behind it, without reading what it skips. */
function planList(reader: CatalogReader, query: QueryExpression): CatalogPlan | undefined {
  const { partition, offset, limit } = query;
  const end = offset + limit + 1;
  if (limit > examinedMax) return undefined;
  const uids: string[] = [];
  for (const page of reader.studyUidsInOrder(partition, rangeOf(query, Math.min(end, offsetMax)))) {
    uids.push(...page);
    if (uids.length >= end) break;
  }
  const studies = present(reader.findStudies(partition, uids.slice(offset, end)));
  return { query: { ...query, offset: 0 }, records: { studies, series: [], instances: [] } };
}

function matchesAmong(query: QueryExpression, studies: readonly StudyRecord[]): StudyRecord[] {
  const all = { ...query, offset: 0, limit: studies.length };
  const { keys } = evaluateInMemory(all, { studies, series: [], instances: [] });
  const matching = new Set(keys.map((key) => key.studyInstanceUid));
  return studies.filter((study) => matching.has(study.studyInstanceUid));
}

/** The stretch of the study list that the matches are in. */
function rangeOf(query: QueryExpression, pageEntries: number): StudyOrderRange {
  const { after } = query;
  if (after === undefined) return { ...datesOf(query), pageEntries };
  const [date, time, uid] = after.map((value) => (value === null ? undefined : String(value)));
  const behind = { date, time, studyInstanceUid: uid ?? '' };
  return { ...datesOf(query), after: behind, pageEntries };
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

/** A study can be deleted between its key and its record. */
function present(studies: readonly (StudyRecord | undefined)[]): StudyRecord[] {
  return studies.filter((study) => study !== undefined);
}
