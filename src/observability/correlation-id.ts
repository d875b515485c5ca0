import { randomUUID } from 'node:crypto';

/** Letters, digits and a few marks: safe in a log line and in a header, too short to carry a document. */
const acceptable = /^[A-Za-z0-9._:-]{1,64}$/;

/** The id that ties log lines to one request: the caller's `x-request-id` when it is harmless, otherwise a new one. */
export function correlationIdFor(requestId: string | undefined): string {
  return requestId !== undefined && acceptable.test(requestId) ? requestId : randomUUID();
}
