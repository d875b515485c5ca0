import { GantryError } from '#engine/base/error-catalogue.js';
import type { RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { RequestContext } from '#src/http/request-context.js';
import { acceptedOf, targetOf, type DicomwebService } from '../dicomweb-service.js';
import { parseFrameList } from './frame-list.js';
import {
  parseRenderedParameters,
  parseThumbnailParameters,
  type PictureParameters,
} from './rendered-parameters.js';
import { respondRendered } from './rendered-response.js';

/**
 * Retrieve rendered, PS3.18 §10.4.1.1.3, of frames, an instance, a series or a study; for the latter two of the instance that
 * stands for it.
 */
export function retrieveRenderedTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const { renderedParameters, renderedQuality } = service.dialect;
  const query =
    renderedParameters === 'all'
      ? context.query
      : context.query.filter(([name]) => name === renderedParameters);
  return respondTarget(service, context, parseRenderedParameters(query, renderedQuality));
}

/** Retrieve thumbnail, PS3.18 §10.4.1.1.4: as rendered, but small. */
export function retrieveThumbnailTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  return respondTarget(service, context, parseThumbnailParameters(context.query));
}

async function respondTarget(
  service: DicomwebService,
  context: RequestContext,
  parameters: PictureParameters,
): Promise<void> {
  const target = targetOf(context);
  const { frames } = context.params;
  const frameNumbers = frames === undefined ? undefined : parseFrameList(frames);
  await respondRendered(service, context, {
    partition: target.partition,
    record: await representativeOf(service, target),
    ...(frameNumbers === undefined ? {} : { frameNumbers }),
    accepted: acceptedOf(context),
    parameters,
    caching: cachingOf(target),
  });
}

async function representativeOf(
  { engine }: DicomwebService,
  target: RetrieveTarget,
): Promise<InstanceRecord> {
  const record = await engine.findRepresentative(target);
  if (record === undefined) throw new GantryError('not-found');
  return record;
}

/** Which instance stands for a series changes as others come. */
function cachingOf({ sopInstanceUid }: RetrieveTarget): string {
  return sopInstanceUid === undefined ? 'private, no-cache' : 'private, max-age=86400';
}
