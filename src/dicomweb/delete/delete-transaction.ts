import type { RequestContext } from '#src/http/request-context.js';
import { targetOf, type DicomwebService } from '../dicomweb-service.js';

/**
 * Deletes a study, a series or an instance: 204 when it is gone, 404 when it is not there, the second time as well. The standard
 * has no such transaction; the common servers agree on this one, which takes any Accept and Content-Type.
 */
export async function deleteTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  await service.engine.deleteInstances(targetOf(context));
  context.respond(204, []);
}
