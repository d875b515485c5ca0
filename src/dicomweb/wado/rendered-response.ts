import { GantryError } from '#engine/base/error-catalogue.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import type { RequestContext } from '#src/http/request-context.js';
import type { DicomwebService } from '../dicomweb-service.js';
import { answerNotModified, varyByAccept } from '../resource-etag.js';
import { respondSingle } from './parts-response.js';
import { chooseRenderedMedia } from './rendered-media.js';
import { respondPictures } from './rendered-pictures.js';
import { renderedEtag, type RenderedRequest } from './rendered-request.js';

/** A page, whatever is in it, can do nothing but be read. */
const pagePolicy = [
  'content-security-policy',
  "default-src 'none'; style-src 'unsafe-inline'; sandbox",
] as const;

/** Answers with an instance as people see it (PS3.18 §8.7.4): picture, page, or the document or video that it holds. */
export async function respondRendered(
  service: DicomwebService,
  context: RequestContext,
  request: RenderedRequest,
): Promise<void> {
  const { rendering } = service.engine;
  const { partition, record, accepted, caching } = request;
  const kind = rendering.kindOf(partition, record);
  if (kind.kind === 'image' || kind.kind === 'presentation-state') {
    return respondPictures(service, context, request);
  }
  if (kind.kind === 'none') throw new GantryError(service.dialect.renderedAbsence, kind.reason);
  const available = kind.kind === 'report' ? 'text/html' : kind.mediaType;
  const { mediaType } = chooseRenderedMedia(accepted, [available]);
  const etag = renderedEtag([record], mediaType);
  const cacheControl = ['cache-control', caching] as const;
  if (answerNotModified(context, etag, [varyByAccept, cacheControl])) return;
  const headers: HttpHeaders = [cacheControl, pagePolicy];
  if (kind.kind === 'report') {
    const page = await rendering.renderReport(partition, record);
    const type = ['content-type', 'text/html; charset=utf-8'] as const;
    context.respond(200, [type, ['etag', etag], varyByAccept, ...headers], page);
    return;
  }
  const source = await rendering.openStoredMedia(partition, record);
  await respondSingle(context, { status: 200, contentType: mediaType, etag, headers }, source);
}
