import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { matchesIfNoneMatch, strongEtag } from '#src/http/etag.js';
import type { RequestContext } from '#src/http/request-context.js';

/**
 * Strong entity tag of a resource in one representation. Records carry the number of the commit that wrote them last, so it
 * changes exactly when an instance comes, goes or is replaced.
 */
export function etagOf(
  engine: Engine,
  target: RetrieveTarget,
  instance: InstanceRecord,
  representation: string,
): string {
  const { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid } = target;
  const record =
    sopInstanceUid !== undefined
      ? instance
      : seriesInstanceUid !== undefined
        ? engine.findSeries(partition, studyInstanceUid, seriesInstanceUid)
        : engine.findStudy(partition, studyInstanceUid);
  const version = record ?? instance;
  return strongEtag(
    [
      partition,
      studyInstanceUid,
      seriesInstanceUid,
      sopInstanceUid,
      version.sequence,
      version.createdAtMs,
      representation,
    ].join('/'),
  );
}

/** Answers 304 when the client has this version already. */
export function answerNotModified(context: RequestContext, etag: string): boolean {
  if (!matchesIfNoneMatch(context.header('if-none-match'), etag)) return false;
  context.respond(304, [['etag', etag]]);
  return true;
}
