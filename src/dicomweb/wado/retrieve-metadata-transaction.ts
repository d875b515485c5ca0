import { GantryError } from '#engine/base/error-catalogue.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { ResponseSource } from '#engine/transport/http-transport.js';
import type { RequestContext } from '#src/http/request-context.js';
import {
  instanceUrl,
  requireJson,
  studiesUrl,
  targetOf,
  type DicomwebService,
} from '../dicomweb-service.js';
import { answerNotModified, etagOf } from '../resource-etag.js';

const partition = 0;

/**
 * Retrieve metadata, PS3.18 §10.4.1.1.2, of an instance, a series or a study: the JSON derived at ingest, streamed from the
 * catalogue without opening an instance.
 */
export function retrieveMetadataTransaction(
  service: DicomwebService,
  context: RequestContext,
): void {
  requireJson(context);
  const target = targetOf(context);
  const pages = service.engine.instancePages(target)[Symbol.iterator]();
  const first = pages.next();
  if (first.done === true) throw new GantryError('not-found');
  const etag = etagOf(service.engine, target, first.value[0]!, 'metadata');
  if (answerNotModified(context, etag)) return;
  const source = metadataSource(service, studiesUrl(service, context), first.value, pages);
  context.respondStream(
    200,
    [
      ['content-type', 'application/dicom+json'],
      ['etag', etag],
      ['cache-control', 'private, no-cache'],
    ],
    source,
  );
}

/** A JSON array with one object an instance, a page of records at a time. */
function metadataSource(
  service: DicomwebService,
  url: string,
  firstPage: readonly InstanceRecord[],
  rest: Iterator<readonly InstanceRecord[]>,
): ResponseSource {
  let page: readonly InstanceRecord[] | undefined = firstPage;
  let separator = '[';
  let isOver = false;
  return {
    read: () => {
      if (page === undefined) {
        if (isOver) return null;
        isOver = true;
        return Buffer.from(']');
      }
      const pieces: Uint8Array[] = [];
      for (const record of page) {
        pieces.push(Buffer.from(separator));
        pieces.push(service.engine.retrieveMetadata(partition, record, instanceUrl(url, record)));
        separator = ',';
      }
      const next = rest.next();
      page = next.done === true ? undefined : next.value;
      return Buffer.concat(pieces);
    },
    close: () => rest.return?.(),
  };
}
