import { evaluateInMemory, type QueriedRecords } from '#engine/query/evaluate-in-memory.js';
import type { QueryExpression, QueryKey } from '#engine/query/query-expression.js';
import type { MatchedRecords } from '#engine/query/row-to-json.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { IndexThread } from '#engine/threads/index-thread.js';
import type { QueryPlan, QueryPlanName, SearchResult } from '../engine-types.js';
import { planByCatalog, type CatalogPlan } from './catalog-plan.js';

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
  const page =
    planned === undefined
      ? await pipeline.indexThread.query(query, pipeline.committedSequence(), signal)
      : evaluateInMemory(planned.query, planned.records);
  return {
    count: page.keys.length,
    isCut: page.isCut,
    ...(page.last === undefined ? {} : { last: page.last }),
    ...(page.total === undefined ? {} : { total: page.total }),
    plan,
    readMatches: (start, end) => {
      const keys = page.keys.slice(start, end);
      return planned === undefined
        ? readMatches(reader, query.partition, keys)
        : pickMatches(planned.records, keys);
    },
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

/** Records of the keys among the candidates that they were found in. */
function pickMatches(candidates: QueriedRecords, keys: readonly QueryKey[]): MatchedRecords[] {
  const { studies, series, instances } = candidates;
  const studyByUid = new Map(studies.map((study) => [study.studyInstanceUid, study]));
  const seriesByUid = new Map(series.map((one) => [seriesName(one), one]));
  const instanceByUid = new Map(instances.map((one) => [instanceName(one), one]));
  return keys.map((key) => {
    const study = studyByUid.get(key.studyInstanceUid)!;
    if (!hasSeries(key)) return { study };
    const itsSeries = seriesByUid.get(seriesName(key))!;
    if (!hasInstance(key)) return { study, series: itsSeries };
    return { study, series: itsSeries, instance: instanceByUid.get(instanceName(key))! };
  });
}

function seriesName(key: SeriesQueryKey): string {
  return `${key.studyInstanceUid}/${key.seriesInstanceUid}`;
}

function instanceName(key: InstanceQueryKey): string {
  return `${seriesName(key)}/${key.sopInstanceUid}`;
}

/** Records of the keys, as deep as each key goes; what was deleted meanwhile is left out. */
function readMatches(
  reader: CatalogReader,
  partition: number,
  keys: readonly QueryKey[],
): MatchedRecords[] {
  const studies = reader.findStudies(
    partition,
    keys.map((key) => key.studyInstanceUid),
  );
  const seriesKeys = keys.filter(hasSeries);
  const series = reader.findSeriesMany(partition, seriesKeys);
  const instances = reader.findInstances(partition, seriesKeys.filter(hasInstance));
  return keys.flatMap((key, n) => {
    const [study, itsSeries, instance] = [studies[n], series[n], instances[n]];
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
