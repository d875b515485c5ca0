import { GantryError } from '#engine/base/error-catalogue.js';
import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import { matchesIfNoneMatch, strongEtag } from '#src/http/etag.js';
import type { RequestContext } from '#src/http/request-context.js';

/** What the catalogue keeps of a resource: a study, a series or an instance. */
export type ResourceRecord = StudyRecord | SeriesRecord | InstanceRecord;

/** The record of the study, series or instance; `not-found` when it is not stored. */
export function requireResource(engine: Engine, target: RetrieveTarget): ResourceRecord {
  const { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid } = target;
  if (sopInstanceUid !== undefined) return requireInstance(engine, target);
  const record =
    seriesInstanceUid === undefined
      ? engine.findStudy(partition, studyInstanceUid)
      : engine.findSeries(partition, studyInstanceUid, seriesInstanceUid);
  if (record === undefined) throw new GantryError('not-found');
  return record;
}

/** The record of the one instance that is named; `not-found` when it is not stored. */
export function requireInstance(engine: Engine, target: RetrieveTarget): InstanceRecord {
  for (const [record] of engine.instancePages(target)) if (record !== undefined) return record;
  throw new GantryError('not-found');
}

/**
 * Strong entity tag of a resource in one representation. Records carry the number of the commit that wrote them last, so it
 * changes exactly when an instance comes, goes or is replaced. `representation` names all that its bytes depend on beside, also
 * the URL that is written into them.
 */
export function etagOf(
  { sequence, createdAtMs }: ResourceRecord,
  target: RetrieveTarget,
  representation: string,
): string {
  const { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid } = target;
  const names = [partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid];
  return strongEtag([...names, sequence, createdAtMs, representation].join('/'));
}

/** Representations differ by what the client accepts, RFC 9110 §12.5.5. */
export const varyByAccept = ['vary', 'Accept'] as const;

/**
 * Answers 304 when the client has this version already. `headers` are Vary and Cache-Control as the version itself has them: a cache
 * goes on by what it is told now (RFC 9110 §15.4.5).
 */
export function answerNotModified(
  context: RequestContext,
  etag: string,
  headers: HttpHeaders,
): boolean {
  if (!matchesIfNoneMatch(context.header('if-none-match'), etag)) return false;
  context.respond(304, [['etag', etag], ...headers]);
  return true;
}
