import { GantryError } from '#engine/base/error-catalogue.js';
import type { RequestContext } from './request-context.js';

/** Longest body of a request to configure or administer something. */
const bodyBytesMax = 64 * 1024;

/**
 * The JSON of a small request. Only as `application/json`: a page of another origin cannot send that unasked. Rejects with
 * `unsupported-media-type`, `payload-too-large` or `bad-request`.
 */
export async function readJsonBody(context: RequestContext): Promise<unknown> {
  const type = context.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new GantryError('unsupported-media-type', 'application/json is expected');
  }
  const body = await context.readBody(bodyBytesMax);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw new GantryError('bad-request', 'the body is not JSON', { cause });
  }
}
