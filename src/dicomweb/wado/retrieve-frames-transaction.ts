import { GantryError } from '#engine/base/error-catalogue.js';
import type { BlobSource } from '#engine/engine-types.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import type { RequestContext } from '#src/http/request-context.js';
import {
  acceptedOf,
  instanceUrl,
  studiesUrl,
  targetOf,
  type DicomwebService,
} from '../dicomweb-service.js';
import { answerNotModified, etagOf, requireInstance } from '../resource-etag.js';
import { parseFrameList } from './frame-list.js';
import { chooseFrameRepresentation } from './frame-representation.js';
import { respondParts, respondSingle, type ResponsePart } from './parts-response.js';
import { startedAhead } from './started-ahead.js';

/** Frames of one response that codecs work on beside the one that is sent. */
const framesAhead = 2;

/**
 * Retrieve frames, PS3.18 §10.4.1.1.6: the frames of the list in its order, one part each. One frame may also be asked for as a
 * single part. A number beyond the last frame is 404.
 */
export async function retrieveFramesTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const { engine } = service;
  const target = targetOf(context);
  const numbers = parseFrameList(context.params['frames'] ?? '');
  const record = requireInstance(engine, target);
  const { pixel } = engine.describeLayout(target.partition, record);
  const frameCount = pixel.kind === 'none' ? 0 : pixel.frameCount;
  if (Math.max(...numbers) > frameCount) {
    throw new GantryError('not-found', `the instance has ${frameCount} frames`);
  }
  const { isMultipart, mediaType, transferSyntaxUid, isStored } = chooseFrameRepresentation(
    acceptedOf(context),
    {
      transferSyntaxUid: record.transferSyntaxUid,
      refusalOf: (uid) => engine.frameTranscodingRefusal(target.partition, record, uid),
    },
  );
  const form = [
    numbers.join('.'),
    mediaType,
    transferSyntaxUid,
    isMultipart ? 'multipart' : 'single',
  ].join('-');
  const etag = etagOf(record, target, form);
  if (answerNotModified(context, etag)) return;
  const headers: HttpHeaders = [
    ['etag', etag],
    ['cache-control', 'private, max-age=86400'],
  ];
  const wantedUid = isStored ? undefined : transferSyntaxUid;
  const read = (number: number): BlobSource | Promise<BlobSource> =>
    engine.retrieveFrame(target.partition, record, number, wantedUid);
  if (!isMultipart) {
    if (numbers.length > 1) {
      throw new GantryError('not-acceptable', 'several frames are served as multipart/related');
    }
    const type = `${mediaType}; transfer-syntax=${transferSyntaxUid}`;
    await respondSingle(
      context,
      200,
      [['content-type', type], ...headers],
      await read(numbers[0]!),
    );
    return;
  }
  const url = `${instanceUrl(studiesUrl(service, context), record)}/frames`;
  const part = async (number: number): Promise<ResponsePart> => ({
    contentType: `${mediaType}; transfer-syntax=${transferSyntaxUid}`,
    headers: [['Content-Location', `${url}/${number}`]],
    body: await read(number),
  });
  const response = { partType: mediaType, boundaryKey: etag, status: 200, headers };
  // Of the one frame that viewers ask for the length is told.
  const parts =
    numbers.length === 1
      ? [await part(numbers[0]!)]
      : startedAhead(numbers, part, isStored ? 0 : framesAhead);
  await respondParts(context, response, parts);
}
