import type { BlobSource, Engine } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { AcceptedMedia } from '#src/http/accept.js';
import { chooseFrameRepresentation, type FrameRepresentation } from './frame-representation.js';
import type { ResponsePart } from './parts-response.js';
import { startedAhead } from './started-ahead.js';

/** Frames of one response that codecs work on beside the one that is sent. */
const framesAhead = 2;

/** The instance whose frames are sent, and in which form. */
export interface FramesSource {
  readonly engine: Engine;
  readonly partition: number;
  readonly record: InstanceRecord;
  readonly representation: FrameRepresentation;
  /** URL of the instance. */
  readonly url: string;
}

/** How the frames of an instance are sent to a client; `not-acceptable` when it takes none of their forms. */
export function representationOf(
  engine: Engine,
  partition: number,
  record: InstanceRecord,
  accepted: readonly AcceptedMedia[],
): FrameRepresentation {
  return chooseFrameRepresentation(accepted, {
    transferSyntaxUid: record.transferSyntaxUid,
    refusalOf: (uid) => engine.frameTranscodingRefusal(partition, record, uid),
  });
}

/** Frames of an instance; 0 without pixel data. */
export function frameCountOf(engine: Engine, partition: number, record: InstanceRecord): number {
  const { pixel } = engine.describeLayout(partition, record);
  return pixel.kind === 'none' ? 0 : pixel.frameCount;
}

/** Value of the content type of a frame. */
export function frameContentType({ mediaType, transferSyntaxUid }: FrameRepresentation): string {
  return `${mediaType}; transfer-syntax=${transferSyntaxUid}`;
}

/** One part a frame, in the order of `numbers` (from 1). Codecs begin with the next frames while one is sent. */
export function* frameParts(
  source: FramesSource,
  numbers: Iterable<number>,
): Generator<ResponsePart | Promise<ResponsePart>> {
  if (source.representation.isStored) {
    for (const number of numbers) yield framePart(source, number);
    return;
  }
  yield* startedAhead(numbers, async (number) => framePart(source, number), framesAhead);
}

/** Bytes of one frame. */
export function readFrame(
  { engine, partition, record, representation }: FramesSource,
  number: number,
): BlobSource | Promise<BlobSource> {
  const { isStored, transferSyntaxUid } = representation;
  return engine.retrieveFrame(partition, record, number, isStored ? undefined : transferSyntaxUid);
}

/** One frame as a part. */
export function framePart(
  source: FramesSource,
  number: number,
): ResponsePart | Promise<ResponsePart> {
  const part = (body: BlobSource): ResponsePart => ({
    contentType: frameContentType(source.representation),
    headers: [['Content-Location', `${source.url}/frames/${number}`]],
    body,
  });
  const body = readFrame(source, number);
  return body instanceof Promise ? body.then(part) : part(body);
}

/** The numbers from 1 to `count`. */
export function* numbersTo(count: number): Generator<number> {
  for (let number = 1; number <= count; number++) yield number;
}
