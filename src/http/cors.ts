import { GantryError } from '#engine/base/error-catalogue.js';
import type { HttpHeaders, HttpRequest } from '#engine/transport/http-transport.js';

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
    if (origin === undefined || !isListed(policy, origin)) return headers;
    headers.push(['access-control-allow-origin', origin]);
    headers.push(['access-control-allow-credentials', 'true']);
  }
  headers.push(['access-control-expose-headers', exposedHeaders]);
  return headers;
}

/** Methods that change nothing (RFC 9110 §9.2.1). */
const safeMethods: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Throws `foreign-page` for a request that changes something and comes from a page that may not read its answer. Browsers send
 * forms and the like without asking first, also from a page on the internet to a store on the user's own machine; they say so in
 * `Sec-Fetch-Site` (Fetch Metadata), which no page can set and which a proxy in front leaves as it is.
 */
export function refuseForeignPages(policy: CorsPolicy, request: HttpRequest): void {
  if (safeMethods.has(request.method)) return;
  const site = request.header('sec-fetch-site');
  if (site !== 'cross-site' && site !== 'same-site') return;
  const origin = request.header('origin');
  if (origin !== undefined && isListed(policy, origin)) return;
  throw new GantryError('foreign-page');
}

function isListed({ allowedOrigins }: CorsPolicy, origin: string): boolean {
  return allowedOrigins === '*' || allowedOrigins.includes(origin);
}

/** What an OPTIONS answer says on top. Lists are explicit, because `*` means nothing to a request with credentials. */
export const preflightHeaders: HttpHeaders = [
  ['access-control-allow-methods', allowedMethods],
  ['access-control-allow-headers', allowedHeaders],
  ['access-control-max-age', String(preflightMaxAgeSeconds)],
];
