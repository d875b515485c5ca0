import type { Engine, RetrieveTarget } from '#engine/engine-types.js';
import { contentEncodingOf } from '#src/http/encoded-response.js';
import type { RequestContext } from '#src/http/request-context.js';
import { dataSetFormOf, respondDataSets, varyHeader } from '../data-sets-response.js';
import { instanceUrl, studiesUrl, targetOf, type DicomwebService } from '../dicomweb-service.js';
import { answerNotModified, etagOf, requireResource } from '../resource-etag.js';

/**
 * Retrieve metadata, PS3.18 §10.4.1.1.2, of an instance, a series or a study: the JSON derived at ingest, streamed from the
 * catalogue without opening an instance, as it is or as XML.
 */
export function retrieveMetadataTransaction(
  service: DicomwebService,
  context: RequestContext,
): void {
  const form = dataSetFormOf(service.dialect, context);
  const target = targetOf(context);
  const representation = `metadata-${form}-${contentEncodingOf(context)}`;
  const etag = etagOf(requireResource(service.engine, target), target, representation);
  if (answerNotModified(context, etag)) return;
  respondDataSets(
    context,
    {
      form,
      boundaryKey: etag,
      headers: [['etag', etag], ['cache-control', 'private, no-cache'], varyHeader],
    },
    metadataPages(service.engine, target, studiesUrl(service, context)),
  );
}

/** The metadata of a page of records at a time. */
function* metadataPages(
  engine: Engine,
  target: RetrieveTarget,
  url: string,
): Generator<readonly Uint8Array[]> {
  for (const page of engine.instancePages(target)) {
    yield engine.retrieveMetadata(target.partition, page, (record) => instanceUrl(url, record));
  }
}
