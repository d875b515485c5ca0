import { GantryError } from '#engine/base/error-catalogue.js';
import type { RequestContext } from '#src/http/request-context.js';
import { targetOf, type DicomwebService } from '../dicomweb-service.js';

/**
 * The error of a retrieve, as `gone` where nothing was found because it was deleted (PS3.18 §8.5): for as long as the deletion can
 * be taken back, the store knows.
 */
export function goneWhenDeleted(
  { engine, dialect }: DicomwebService,
  context: RequestContext,
  error: unknown,
): unknown {
  const isAbsent = error instanceof GantryError && error.code === 'not-found';
  if (!isAbsent || dialect.deletedStatus !== 410 || context.params['study'] === undefined) {
    return error;
  }
  return engine.isDeleted(targetOf(context)) ? new GantryError('gone') : error;
}
