import { GantryError } from '#engine/base/error-catalogue.js';
import { coversType } from '#src/http/accept.js';
import type { RequestContext } from '#src/http/request-context.js';
import {
  acceptedOf,
  instanceUrl,
  studiesUrl,
  targetOf,
  type DicomwebService,
} from '../dicomweb-service.js';
import { answerNotModified, etagOf, requireInstance, varyByAccept } from '../resource-etag.js';
import {
  bulkDataType,
  bulkPart,
  isFramed,
  isPixelData,
  readBulkValue,
  type BulkSource,
} from './bulk-parts.js';
import { bytesCacheControl } from './bytes-response.js';
import { respondFrames } from './frames-response.js';
import { respondParts, respondSingle } from './parts-response.js';

const pathPattern = /^[0-9A-Fa-f]{8}(\/[0-9]{1,9}\/[0-9A-Fa-f]{8})*$/;

/**
 * Retrieve bulkdata, PS3.18 §10.4.1.1.5: the value that metadata replaced by a BulkDataURI. The URL goes on with the attribute
 * path; items are counted from 1. Compressed pixel data comes as its frames (§8.7.3.3), everything else as it is stored.
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
  const layout = engine.describeLayout(target.partition, record);
  if (!layout.bulkValues.some((value) => value.path === path)) {
    throw new GantryError('not-found', 'the attribute has no bulk value');
  }
  const accepted = acceptedOf(context);
  const media = accepted.find((candidate) => coversType(candidate, bulkDataType));
  if (isPixelData(path) && (isFramed(layout, path) || media === undefined)) {
    return respondFrames(service, context, {
      target,
      record,
      numbers: undefined,
      isMultipartByDefault: false,
    });
  }
  if (media === undefined) {
    throw new GantryError('not-acceptable', `bulk data is served as ${bulkDataType}`);
  }
  // A browser or curl that follows the URI has no use for an envelope.
  const isMultipart = media.isMultipart ?? false;
  const url = instanceUrl(studiesUrl(service, context), record);
  const etag = etagOf(record, target, `bulk.${path}-${isMultipart} ${url}`);
  if (answerNotModified(context, etag, [varyByAccept, bytesCacheControl])) return;
  const source: BulkSource = { engine, partition: target.partition, record, url };
  const head = { status: 200, etag, headers: [bytesCacheControl] } as const;
  if (isMultipart) {
    await respondParts(context, head, bulkDataType, () => [bulkPart(source, path)].values());
  } else {
    const location = ['content-location', `${url}/bulkdata/${path}`] as const;
    const headers = [...head.headers, location];
    const body = readBulkValue(source, path);
    await respondSingle(context, { ...head, contentType: bulkDataType, headers }, body);
  }
}
