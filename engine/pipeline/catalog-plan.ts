import {
  matchInMemory,
  matchInOrder,
  type MatchPage,
  type QueriedRecords,
} from '#engine/query/evaluate-in-memory.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { QueryPlanName } from '../engine-types.js';
import { planByPatientName } from './name-plan.js';
import { planByStudyOrder } from './ordered-plan.js';

/** More candidates than this are cheaper to filter in the index, on its own thread, than on this one. */
const candidatesMax = 2_000;

const studyUidTag = '0020000D';
const accessionNumberTag = '00080050';
const patientIdTag = '00100020';
const seriesUidTag = '0020000E';
const sopInstanceUidTag = '00080018';

/** What led to the candidates of a search. */
export type CatalogPlanName = Exclude<QueryPlanName, 'index'>;

/** Records among which all matches of `query` are; it asks for the same page as the query that was planned. */
export interface CatalogPlan {
  readonly name: CatalogPlanName;
  /** Ordered keys that were looked at. */
  readonly keyCount: number;
  readonly query: QueryExpression;
  readonly records: QueriedRecords;
  /** The records are studies in the order of the query, behind where its page begins. */
  readonly isInOrder?: boolean;
}

/** The page of a query that was planned. */
export function pageOfPlan({ query, records, isInOrder }: CatalogPlan): MatchPage {
  return isInOrder === true ? matchInOrder(query, records.studies) : matchInMemory(query, records);
}

/**
 * How a query is answered from keys of the catalogue; undefined when only the index can tell. The caller still checks every
 * condition.
 */
export async function planByCatalog(
  reader: CatalogReader,
  query: QueryExpression,
): Promise<CatalogPlan | undefined> {
  return (
    planByNamedKeys(reader, query) ??
    planByPatientName(reader, query, 'first') ??
    (await planByStudyOrder(reader, query)) ??
    planByPatientName(reader, query, 'last')
  );
}

/** When the query names UIDs, a patient or an accession number. */
function planByNamedKeys(reader: CatalogReader, query: QueryExpression): CatalogPlan | undefined {
  const candidates = candidateStudies(reader, query);
  if (candidates === undefined) {
    const bySop = query.level === 'instance' ? planBySopInstance(reader, query) : undefined;
    if (bySop === undefined) return undefined;
    return { name: 'uid', keyCount: bySop.instances.length, query, records: bySop };
  }
  const { name, studies } = candidates;
  const records = recordsBelow(reader, query, studies);
  return records === undefined
    ? undefined
    : { name, keyCount: name === 'uid' ? 0 : studies.length, query, records };
}

/** The records of the query's level below its candidates; undefined when they are too many. */
function recordsBelow(
  reader: CatalogReader,
  query: QueryExpression,
  studies: readonly StudyRecord[],
): QueriedRecords | undefined {
  const { partition, level } = query;
  if (level === 'study') return { studies, series: [], instances: [] };
  const seriesUids = namedUids(query, seriesUidTag, query.seriesInstanceUid);
  const series = studies.flatMap((study) => seriesOf(reader, partition, study, seriesUids));
  if (series.length > candidatesMax) return undefined;
  if (level === 'series') return { studies, series, instances: [] };
  const sopInstanceUids = namedUids(query, sopInstanceUidTag, undefined);
  const candidates = series.reduce((sum, { instanceCount }) => sum + instanceCount, 0);
  if (sopInstanceUids === undefined && candidates > candidatesMax) return undefined;
  const instances = series.flatMap((one) => instancesOf(reader, partition, one, sopInstanceUids));
  return { studies, series, instances };
}

interface CandidateStudies {
  readonly name: CatalogPlanName;
  readonly studies: readonly StudyRecord[];
}

function candidateStudies(
  reader: CatalogReader,
  query: QueryExpression,
): CandidateStudies | undefined {
  const { partition } = query;
  const uids = namedUids(query, studyUidTag, query.studyInstanceUid);
  if (uids !== undefined) {
    return { name: 'uid', studies: reader.readStudies(partition, uids) };
  }
  const accessionNumber = exactText(query, accessionNumberTag);
  if (accessionNumber !== undefined) {
    return fewOf('accession-number', reader.studiesByAccessionNumber(partition, accessionNumber));
  }
  const patientId = exactText(query, patientIdTag);
  if (patientId === undefined) return undefined;
  return fewOf('patient-id', reader.studiesByPatientId(partition, patientId));
}

/** All that the generator gives, or undefined when that is too many. */
function fewOf(
  name: CatalogPlanName,
  candidates: Iterable<StudyRecord>,
): CandidateStudies | undefined {
  const studies: StudyRecord[] = [];
  for (const study of candidates) {
    if (studies.length === candidatesMax) return undefined;
    studies.push(study);
  }
  return { name, studies };
}

function planBySopInstance(
  reader: CatalogReader,
  query: QueryExpression,
): QueriedRecords | undefined {
  const uids = namedUids(query, sopInstanceUidTag, undefined);
  if (uids === undefined) return undefined;
  const { partition } = query;
  const instances = uids.flatMap((uid) => reader.findInstancesBySop(partition, uid));
  const studyUids = [...new Set(instances.map((instance) => instance.studyInstanceUid))];
  // Copies of a study keep the UIDs of its series.
  const seriesKeys = new Map(
    instances.map((key) => [`${key.studyInstanceUid}/${key.seriesInstanceUid}`, key]),
  );
  const studies = reader.readStudies(partition, studyUids);
  const series = reader
    .findSeriesMany(partition, [...seriesKeys.values()])
    .filter((one) => one !== undefined);
  return { studies, series, instances };
}

function seriesOf(
  reader: CatalogReader,
  partition: number,
  study: StudyRecord,
  seriesUids: readonly string[] | undefined,
): readonly SeriesRecord[] {
  const { studyInstanceUid } = study;
  if (seriesUids === undefined) return reader.listSeries(partition, studyInstanceUid);
  const wanted = seriesUids.map((seriesInstanceUid) => ({ studyInstanceUid, seriesInstanceUid }));
  return reader.findSeriesMany(partition, wanted).filter((series) => series !== undefined);
}

function instancesOf(
  reader: CatalogReader,
  partition: number,
  { studyInstanceUid, seriesInstanceUid }: SeriesRecord,
  sopInstanceUids: readonly string[] | undefined,
): readonly InstanceRecord[] {
  if (sopInstanceUids === undefined) {
    return reader.listInstances(partition, studyInstanceUid, seriesInstanceUid);
  }
  const wanted = sopInstanceUids.map((sopInstanceUid) => ({
    studyInstanceUid,
    seriesInstanceUid,
    sopInstanceUid,
  }));
  return reader.findInstances(partition, wanted).filter((found) => found !== undefined);
}

/** UIDs that the path or a condition pins an attribute to; undefined when any would do. */
function namedUids(
  query: QueryExpression,
  tag: string,
  fromPath: string | undefined,
): readonly string[] | undefined {
  if (fromPath !== undefined) return [fromPath];
  for (const condition of query.conditions) {
    if (condition.attribute.tag !== tag) continue;
    if (condition.kind === 'equals') return [condition.value];
    if (condition.kind === 'one-of') return [...new Set(condition.values)];
  }
  return undefined;
}

/** The text that a condition compares an attribute with, case and all. */
function exactText(query: QueryExpression, tag: string): string | undefined {
  for (const condition of query.conditions) {
    const isExact = condition.kind === 'equals' && condition.ignoresCase !== true;
    if (isExact && condition.attribute.tag === tag) return condition.value;
  }
  return undefined;
}
