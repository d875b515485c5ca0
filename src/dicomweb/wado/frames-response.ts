import { GantryError } from '#engine/base/error-catalogue.js';
import type { RetrieveTarget } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { RequestContext } from '#src/http/request-context.js';
import { acceptedOf, instanceUrl, studiesUrl, type DicomwebService } from '../dicomweb-service.js';
import { answerNotModified, etagOf, varyByAccept } from '../resource-etag.js';
import { bytesCacheControl, type BytesHead } from './bytes-response.js';
import {
  frameContentType,
  frameCountOf,
  framePart,
  frameParts,
  numbersTo,
  readFrame,
  representationOf,
  type FramesSource,
} from './frame-parts.js';
import {
  respondParts,
  respondSingle,
  respondStreamedParts,
  type PartIterator,
} from './parts-response.js';

/** Frames of one instance that are asked for. */
export interface FramesRequest {
  readonly target: RetrieveTarget;
  readonly record: InstanceRecord;
  /** From 1, in the order asked for; undefined for all of them. */
  readonly numbers: readonly number[] | undefined;
  /** What a client gets that leaves the choice to us; a single part only ever holds one frame. */
  readonly isMultipartByDefault: boolean;
}

/** Answers with frames, in the form that the client likes best. `not-found` beyond the last frame, and where there is none. */
export async function respondFrames(
  service: DicomwebService,
  context: RequestContext,
  { target, record, numbers, isMultipartByDefault }: FramesRequest,
): Promise<void> {
  const { engine } = service;
  const { partition } = target;
  const frameCount = frameCountOf(engine, partition, record);
  if (frameCount === 0 || numbers?.some((number) => number > frameCount) === true) {
    throw new GantryError('not-found', `the instance has ${frameCount} frames`);
  }
  const representation = representationOf(engine, partition, record, acceptedOf(context));
  const count = numbers?.length ?? frameCount;
  const isMultipart = representation.isMultipart ?? (isMultipartByDefault || count > 1);
  if (!isMultipart && count > 1) {
    const detail = 'several frames are served as multipart/related';
    throw new GantryError(service.dialect.severalFramesAlone, detail);
  }
  const contentType = frameContentType(representation);
  const { isStored, transferSyntaxUid } = representation;
  const quality = isStored ? undefined : engine.conversionQuality(transferSyntaxUid);
  const made = quality === undefined ? '' : `-quality=${quality}`;
  const form = `frames.${numbers?.join('.') ?? 'all'}-${contentType}-${isMultipart}${made}`;
  const url = instanceUrl(studiesUrl(service, context), record);
  const etag = etagOf(record, target, `${form} ${url}`);
  if (answerNotModified(context, etag, [varyByAccept, bytesCacheControl])) return;
  const source: FramesSource = { engine, partition, record, representation, url };
  const head: BytesHead = { status: 200, contentType, etag, headers: [bytesCacheControl] };
  const { mediaType } = representation;
  if (!isMultipart) await respondAlone(context, head, source, numbers?.[0] ?? 1);
  else if (count === 1) {
    // Of the one frame that viewers ask for the length is told, and ranges are served, also when a codec makes it.
    const part = await framePart(source, numbers?.[0] ?? 1);
    await respondParts(context, head, mediaType, () => [part].values());
  } else {
    const parts = (): PartIterator => frameParts(source, numbers ?? numbersTo(frameCount));
    if (representation.isStored) await respondParts(context, head, mediaType, parts);
    else await respondStreamedParts(context, head, mediaType, parts());
  }
}

async function respondAlone(
  context: RequestContext,
  head: BytesHead,
  source: FramesSource,
  number: number,
): Promise<void> {
  const location = ['content-location', `${source.url}/frames/${number}`] as const;
  const body = await readFrame(source, number);
  await respondSingle(context, { ...head, headers: [...head.headers, location] }, body);
}
