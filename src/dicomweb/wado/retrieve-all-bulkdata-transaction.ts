import { GantryError } from '#engine/base/error-catalogue.js';
import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { AcceptedMedia } from '#src/http/accept.js';
import { coversType } from '#src/http/accept.js';
import type { RequestContext } from '#src/http/request-context.js';
import {
  acceptedOf,
  instanceUrl,
  studiesUrl,
  targetOf,
  type DicomwebService,
} from '../dicomweb-service.js';
import {
  answerNotModified,
  etagOf,
  requireInstance,
  requireResource,
  varyByAccept,
} from '../resource-etag.js';
import { bulkDataType, bulkPart, isFramed } from './bulk-parts.js';
import { bytesCacheControl } from './bytes-response.js';
import {
  frameCountOf,
  frameParts,
  numbersTo,
  representationOf,
  type FramesSource,
} from './frame-parts.js';
import type { FrameRepresentation } from './frame-representation.js';
import { respondFrames } from './frames-response.js';
import { partialWarning } from './partial-warning.js';
import { respondStreamedParts, type ResponsePart } from './parts-response.js';

/**
 * Retrieve the pixel data of an instance, a series or a study, PS3.18 §10.4.1.1.5: one part a frame. 206 when the frames of some
 * instances have no form that the client takes; 404 where there is no pixel data.
 */
export async function retrievePixelDataTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const target = targetOf(context);
  if (target.sopInstanceUid === undefined)
    return retrieveAll(service, context, target, 'pixeldata');
  const record = requireInstance(service.engine, target);
  const request = { target, record, numbers: undefined, isMultipartByDefault: false };
  await respondFrames(service, context, request);
}

/** Retrieve every bulk value of an instance, a series or a study: one part each, and one a frame of compressed pixel data. */
export async function retrieveAllBulkdataTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  await retrieveAll(service, context, targetOf(context), 'bulkdata');
}

type Resource = 'pixeldata' | 'bulkdata';

/** What of one instance is sent. */
interface InstancePlan {
  readonly record: InstanceRecord;
  /** Undefined when there are no frames to be sent. */
  readonly representation: FrameRepresentation | undefined;
  /** Paths of values that are sent as they are stored. */
  readonly paths: readonly string[];
  /** Something of it has no form that the client takes. */
  readonly isRefused: boolean;
}

async function retrieveAll(
  service: DicomwebService,
  context: RequestContext,
  target: RetrieveTarget,
  resource: Resource,
): Promise<void> {
  const { engine } = service;
  const resourceRecord = requireResource(engine, target);
  const accepted = acceptedOf(context).filter(({ isMultipart }) => isMultipart !== false);
  const planOf = (record: InstanceRecord): InstancePlan =>
    planInstance(engine, target.partition, record, { resource, accepted });
  const { partType, isPartial } = await survey(engine, target, planOf);
  const types = accepted.map(({ type, transferSyntaxes }) => [type, ...transferSyntaxes].join('.'));
  const studies = studiesUrl(service, context);
  const etag = etagOf(resourceRecord, target, `${resource}-${types.join('-')} ${studies}`);
  if (answerNotModified(context, etag, [varyByAccept, bytesCacheControl])) return;
  const headers = isPartial ? [bytesCacheControl, partialWarning] : [bytesCacheControl];
  const parts = partsOf(engine, target, planOf, studies);
  await respondStreamedParts(
    context,
    { status: isPartial ? 206 : 200, etag, headers },
    partType,
    parts,
  );
}

/** Goes through all instances before the first byte, because the status depends on them. */
async function survey(
  engine: Engine,
  target: RetrieveTarget,
  planOf: (record: InstanceRecord) => InstancePlan,
): Promise<{ readonly partType: string; readonly isPartial: boolean }> {
  let partType: string | undefined;
  let isPartial = false;
  for (const page of engine.instancePages(target)) {
    for (const record of page) {
      const { representation, paths, isRefused } = planOf(record);
      isPartial ||= isRefused;
      if (paths.length > 0) partType ??= bulkDataType;
      else partType ??= representation?.mediaType;
    }
    await new Promise(setImmediate);
  }
  if (partType !== undefined) return { partType, isPartial };
  if (isPartial) throw new GantryError('not-acceptable', 'served is multipart/related');
  throw new GantryError('not-found', 'there is no such value');
}

function planInstance(
  engine: Engine,
  partition: number,
  record: InstanceRecord,
  wanted: { readonly resource: Resource; readonly accepted: readonly AcceptedMedia[] },
): InstancePlan {
  const { resource, accepted } = wanted;
  const layout = engine.describeLayout(partition, record);
  const hasFrames =
    frameCountOf(engine, partition, record) > 0 &&
    (resource === 'pixeldata' || layout.bulkValues.some(({ path }) => isFramed(layout, path)));
  const representation = hasFrames
    ? findRepresentation(engine, partition, record, accepted)
    : undefined;
  const values = layout.bulkValues
    .map(({ path }) => path)
    .filter((path) => resource === 'bulkdata' && !isFramed(layout, path));
  const paths = accepted.some((media) => coversType(media, bulkDataType)) ? values : [];
  const isRefused = (hasFrames && representation === undefined) || paths.length < values.length;
  return { record, representation, paths, isRefused };
}

function findRepresentation(
  ...asked: Parameters<typeof representationOf>
): FrameRepresentation | undefined {
  try {
    return representationOf(...asked);
  } catch (error) {
    if (error instanceof GantryError && error.code === 'not-acceptable') return undefined;
    throw error;
  }
}

function* partsOf(
  engine: Engine,
  target: RetrieveTarget,
  planOf: (record: InstanceRecord) => InstancePlan,
  studies: string,
): Generator<ResponsePart | Promise<ResponsePart>> {
  const { partition } = target;
  for (const page of engine.instancePages(target)) {
    for (const record of page) {
      const { representation, paths } = planOf(record);
      const url = instanceUrl(studies, record);
      for (const path of paths) yield bulkPart({ engine, partition, record, url }, path);
      if (representation === undefined) continue;
      const source: FramesSource = { engine, partition, record, representation, url };
      yield* frameParts(source, numbersTo(frameCountOf(engine, partition, record)));
    }
  }
}
