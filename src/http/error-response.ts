import { errorCatalogue, type GantryError } from '#engine/base/error-catalogue.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';

const contentTypes = { problem: 'application/problem+json', text: 'text/plain' };
const retryAfterSeconds = 2;

/** An error as it goes over the wire. */
export interface ErrorResponse {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly body: string;
}

/** `problem`: RFC 9457 problem details; `text`: the message alone. */
export type ErrorBody = 'problem' | 'text';

/** The text is the catalogue's and the error's detail, neither of which holds patient data. */
export function errorResponse(
  error: GantryError,
  correlationId: string,
  form: ErrorBody = 'problem',
): ErrorResponse {
  const { http: status, text, retryable } = errorCatalogue[error.code];
  const headers: [string, string][] = [['content-type', contentTypes[form]]];
  // Only a fault of ours passes by itself; clients retry 503 by this header.
  if (retryable && status >= 500) headers.push(['retry-after', String(retryAfterSeconds)]);
  if (status === 401) headers.push(['www-authenticate', 'Bearer']);
  if (form === 'text') return { status, headers, body: error.message };
  const body = JSON.stringify({
    type: `urn:gantry:error:${error.code}`,
    title: text,
    status,
    ...(error.detail === '' ? {} : { detail: error.detail }),
    correlationId,
  });
  return { status, headers, body };
}
