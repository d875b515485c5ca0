import { GantryError } from '#engine/base/error-catalogue.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import { coversType, type AcceptedMedia } from '#src/http/accept.js';
import type { RequestContext } from '#src/http/request-context.js';
import {
  acceptedOf,
  instanceUrl,
  studiesUrl,
  targetOf,
  type DicomwebService,
} from '../dicomweb-service.js';
import { answerNotModified, etagOf, requireInstance } from '../resource-etag.js';
import { respondParts, respondSingle, type ResponsePart } from './parts-response.js';

const mediaType = 'application/octet-stream';
const pathPattern = /^[0-9A-Fa-f]{8}(\/[0-9]{1,9}\/[0-9A-Fa-f]{8})*$/;

/**
 * Retrieve bulkdata, PS3.18 §10.4.1.1.5: the value that metadata replaced by a BulkDataURI, as it is stored. The URL goes on
 * with the attribute path; items are counted from 1.
 */
export async function retrieveBulkdataTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const { engine } = service;
  const target = targetOf(context);
  const path = (context.params['path'] ?? '').toUpperCase();
  if (!pathPattern.test(path)) throw new GantryError('bad-request', 'not an attribute path');
  const record = requireInstance(engine, target);
  const value = engine.retrieveBulkValue(target.partition, record, path);
  if (value === undefined) throw new GantryError('not-found', 'the attribute has no bulk value');
  const isMultipart = wantsMultipart(acceptedOf(context));
  const form = `bulk.${path.replaceAll('/', '.')}-${isMultipart ? 'multipart' : 'single'}`;
  const etag = etagOf(record, target, form);
  if (answerNotModified(context, etag)) return;
  const headers: HttpHeaders = [
    ['etag', etag],
    ['cache-control', 'private, max-age=86400'],
  ];
  if (!isMultipart) {
    await respondSingle(context, 200, [['content-type', mediaType], ...headers], value);
    return;
  }
  const url = `${instanceUrl(studiesUrl(service, context), record)}/bulkdata/${path}`;
  const part: ResponsePart = {
    contentType: mediaType,
    headers: [['Content-Location', url]],
    body: value,
  };
  await respondParts(context, { partType: mediaType, boundaryKey: etag, status: 200, headers }, [
    part,
  ]);
}

/** A client that names no form gets the bytes alone: a browser or curl that follows the URI has no use for an envelope. */
function wantsMultipart(accepted: readonly AcceptedMedia[]): boolean {
  const media = accepted.find((candidate) => coversType(candidate, mediaType));
  if (media !== undefined) return media.isMultipart ?? false;
  throw new GantryError('not-acceptable', `bulk data is served as ${mediaType}`);
}
