import type { RequestContext } from '#src/http/request-context.js';
import { targetOf, type DicomwebService } from '../dicomweb-service.js';

/**
 * `POST …/undelete` brings back what was deleted of a study, a series or an instance and is still kept: 200 with the number of
 * instances, 404 when there is none. Instances whose UIDs were stored anew since cannot come back.
 */
export async function undeleteTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const target = targetOf(context);
  const instanceCount = await service.engine.undeleteInstances(target);
  const { partition: _, ...uids } = target;
  context.log.info({ ...uids, instanceCount }, 'deletion taken back');
  context.respondJson(200, { instances: instanceCount });
}
