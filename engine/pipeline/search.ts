import type { QueryExpression, QueryKey } from '#engine/query/query-expression.js';
import type { MatchedRecords } from '#engine/query/row-text.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { IndexThread } from '#engine/threads/index-thread.js';
import type { QueryPlan, QueryPlanName, SearchResult } from '../engine-types.js';
import { pageOfPlan, planByCatalog, type CatalogPlan } from './catalog-plan.js';

export interface SearchPipeline {
  readonly reader: CatalogReader;
  readonly indexThread: IndexThread;
  /** Change log number up to which instances have been acknowledged. */
  committedSequence(): number;
  readonly queriesByPlan: Record<QueryPlanName, number>;
}

/**
 * The one query behind QIDO-RS and C-FIND. Searches that name UIDs, a patient by ID or name, or an accession number, and pages of
 * the study list, are answered from the ordered keys of the catalogue in microseconds, all others by DuckDB after it has applied what was
 * committed when the search arrived.
 */
export async function search(
  pipeline: SearchPipeline,
  query: QueryExpression,
  signal?: AbortSignal,
): Promise<SearchResult> {
  const { reader, queriesByPlan } = pipeline;
  const planned = await planByCatalog(reader, query);
  const plan = planned === undefined ? indexPlan : planOf(planned);
  queriesByPlan[plan.name]++;
  if (planned !== undefined) {
    const { matches, ...page } = pageOfPlan(planned);
    const read = (start: number, end: number) => matches.slice(start, end);
    return { ...page, count: matches.length, plan, readMatches: read };
  }
  const { keys, ...page } = await pipeline.indexThread.query(
    query,
    pipeline.committedSequence(),
    signal,
  );
  return {
    ...page,
    count: keys.length,
    plan,
    readMatches: (start, end) => readMatches(reader, query.partition, keys.slice(start, end)),
  };
}

/** Where counting begins. */
export const noQueries: Readonly<Record<QueryPlanName, number>> = {
  uid: 0,
  'accession-number': 0,
  'patient-id': 0,
  'patient-name': 0,
  'study-list': 0,
  index: 0,
};

const indexPlan: QueryPlan = { name: 'index', keyCount: 0, recordCount: 0 };

function planOf({ name, keyCount, records }: CatalogPlan): QueryPlan {
  const { studies, series, instances } = records;
  return { name, keyCount, recordCount: studies.length + series.length + instances.length };
}

/** Records of the keys, as deep as each key goes; what was deleted meanwhile is left out. */
function readMatches(
  reader: CatalogReader,
  partition: number,
  keys: readonly QueryKey[],
): MatchedRecords[] {
  const studyUids = [...new Set(keys.map((key) => key.studyInstanceUid))];
  const studies = new Map(
    reader.readStudies(partition, studyUids).map((study) => [study.studyInstanceUid, study]),
  );
  const seriesKeys = keys.filter(hasSeries);
  const series = reader.findSeriesMany(partition, seriesKeys);
  const instances = reader.findInstances(partition, seriesKeys.filter(hasInstance));
  return keys.flatMap((key, n) => {
    const study = studies.get(key.studyInstanceUid);
    const [itsSeries, instance] = [series[n], instances[n]];
    if (study === undefined || (hasSeries(key) && itsSeries === undefined)) return [];
    if (itsSeries === undefined) return [{ study }];
    if (!hasInstance(key)) return [{ study, series: itsSeries }];
    return instance === undefined ? [] : [{ study, series: itsSeries, instance }];
  });
}

type SeriesQueryKey = QueryKey & { readonly seriesInstanceUid: string };
type InstanceQueryKey = SeriesQueryKey & { readonly sopInstanceUid: string };

function hasSeries(key: QueryKey): key is SeriesQueryKey {
  return key.seriesInstanceUid !== undefined;
}

function hasInstance(key: QueryKey): key is InstanceQueryKey {
  return key.seriesInstanceUid !== undefined && key.sopInstanceUid !== undefined;
}
