import { GantryError } from '#engine/base/error-catalogue.js';
import type { Engine } from '#engine/engine-types.js';
import type { RequestContext } from '#src/http/request-context.js';
import { acceptedOf, studiesUrl, targetOf, type DicomwebService } from '../dicomweb-service.js';
import { answerNotModified, etagOf, requireResource, varyByAccept } from '../resource-etag.js';
import { findInstanceRepresentation } from './instance-representation.js';
import { InstancesResponse } from './instances-response.js';
import { prefersZip, respondZip } from './zip-response.js';

/**
 * Retrieve, PS3.18 §10.4.1.1.1: the instances of a study or series, or one instance, as Part 10 files in the transfer syntax that
 * the client likes best, or in an archive. 206 with a warning when some cannot be had in a form it takes, 406 when none can.
 */
export async function retrieveInstancesTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const { engine } = service;
  const target = targetOf(context);
  const accepted = acceptedOf(context);
  const resource = requireResource(engine, target);
  if (prefersZip(accepted)) {
    const etag = etagOf(resource, target, 'zip');
    if (answerNotModified(context, etag, [varyByAccept])) return;
    await respondZip(context, engine, target, etag);
    return;
  }
  const representation = findInstanceRepresentation(accepted);
  if (representation === undefined) {
    throw new GantryError('not-acceptable', 'instances are served as application/dicom');
  }
  const { isMultipart = true, choices } = representation;
  const named = choices.map((uids) => uids.map((uid) => nameOf(engine, uid))).join(';');
  const form = `instances.${named}-${isMultipart} ${studiesUrl(service, context)}`;
  const etag = etagOf(resource, target, form);
  if (answerNotModified(context, etag, [varyByAccept])) return;
  const response = new InstancesResponse(service, context, { target, representation, etag });
  await (isMultipart ? response.sendParts() : response.sendAlone());
}

/** A transfer syntax with what else its bytes depend on. */
function nameOf(engine: Engine, transferSyntaxUid: string): string {
  const quality = engine.conversionQuality(transferSyntaxUid);
  return quality === undefined ? transferSyntaxUid : `${transferSyntaxUid}=${quality}`;
}
