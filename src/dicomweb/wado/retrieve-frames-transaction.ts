import type { RequestContext } from '#src/http/request-context.js';
import { targetOf, type DicomwebService } from '../dicomweb-service.js';
import { requireInstance } from '../resource-etag.js';
import { parseFrameList } from './frame-list.js';
import { respondFrames } from './frames-response.js';

/**
 * Retrieve frames, PS3.18 §10.4.1.1.6: the frames of the list in its order, or all of them, one part each. One frame may also be
 * asked for as a single part. A number beyond the last frame is 404.
 */
export async function retrieveFramesTransaction(
  service: DicomwebService,
  context: RequestContext,
): Promise<void> {
  const target = targetOf(context);
  const { frames: list } = context.params;
  const numbers = list === undefined ? undefined : parseFrameList(list);
  const record = requireInstance(service.engine, target);
  await respondFrames(service, context, { target, record, numbers, isMultipartByDefault: true });
}
