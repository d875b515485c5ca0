import type { HttpHeaders } from '#engine/transport/http-transport.js';

/** Which web pages may use the service (Fetch standard, CORS protocol). */
export interface CorsPolicy {
  /** Origins such as `https://viewer.example`, or `*` for every page; credentials are allowed to listed origins only. */
  readonly allowedOrigins: '*' | readonly string[];
}

const exposedHeaders = [
  'Content-Type',
  'Content-Length',
  'Content-Range',
  'Content-Location',
  'Content-Disposition',
  'Accept-Ranges',
  'ETag',
  'Link',
  'Location',
  'Retry-After',
  'Warning',
  'X-Request-Id',
  // The Azure dialect names here what it did not index.
  'erroneous-dicom-attributes',
].join(', ');

const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'Accept',
  'Range',
  'If-Match',
  'If-None-Match',
  'If-Range',
  'X-Requested-With',
  'X-Request-Id',
].join(', ');

const allowedMethods = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS';
const preflightMaxAgeSeconds = 86_400;

/** Headers of every answer, errors included: without them a page cannot see what went wrong. */
export function corsHeaders(policy: CorsPolicy, origin: string | undefined): HttpHeaders {
  // Pages that are cross-origin isolated (COEP) may embed what says that it may be embedded.
  const headers: [string, string][] = [['cross-origin-resource-policy', 'cross-origin']];
  if (policy.allowedOrigins === '*') {
    headers.push(['access-control-allow-origin', '*']);
  } else {
    headers.push(['vary', 'Origin']);
    if (origin === undefined || !policy.allowedOrigins.includes(origin)) return headers;
    headers.push(['access-control-allow-origin', origin]);
    headers.push(['access-control-allow-credentials', 'true']);
  }
  headers.push(['access-control-expose-headers', exposedHeaders]);
  return headers;
}

/** What an OPTIONS answer says on top. Lists are explicit, because `*` means nothing to a request with credentials. */
export const preflightHeaders: HttpHeaders = [
  ['access-control-allow-methods', allowedMethods],
  ['access-control-allow-headers', allowedHeaders],
  ['access-control-max-age', String(preflightMaxAgeSeconds)],
];
