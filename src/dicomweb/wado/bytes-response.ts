import { GantryError } from '#engine/base/error-catalogue.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import { contentRange, parseByteRange, type ByteRange } from '#src/http/byte-range.js';
import { matchesIfRange } from '#src/http/etag.js';
import type { RequestContext } from '#src/http/request-context.js';
import { SectionSource, type SectionIterator } from './section-source.js';

/** Status and headers of a response of bytes. */
export interface BytesHead {
  /** 206 here means that instances are missing (PS3.18 §8.5.1); such a response has no ranges. */
  readonly status: 200 | 206;
  readonly contentType: string;
  readonly etag: string;
  readonly headers: HttpHeaders;
}

/** Representations differ by what the client accepts, RFC 9110 §12.5.5. */
const varyHeader = ['vary', 'Accept'] as const;

/** The bytes of a stored instance never change, but another may take its place: a client asks again after a while. */
export const bytesCacheControl = ['cache-control', 'private, max-age=3600'] as const;

/**
 * Answers with sections, one after another. Where `length`, their bytes, is known it is told, and a range of them is served
 * (RFC 9110 §14): equal requests have equal bytes, envelopes included, so ranges of them fit together.
 */
export function respondBytes(
  context: RequestContext,
  head: BytesHead,
  length: number | undefined,
  sections: () => SectionIterator,
): void {
  const { status, etag } = head;
  const headers: [string, string][] = [
    ['content-type', head.contentType],
    ['etag', etag],
    [...varyHeader],
    ...head.headers.map(([name, value]) => [name, value] as [string, string]),
  ];
  if (length === undefined) {
    context.respondStream(status, headers, new SectionSource(sections()));
    return;
  }
  if (status === 206) {
    context.respondStream(status, headers, new SectionSource(sections()), length);
    return;
  }
  headers.push(['accept-ranges', 'bytes']);
  const range = rangeOf(context, etag, length);
  if (range.kind === 'unsatisfiable') {
    const error = new GantryError('range-not-satisfiable', `it has ${length} bytes`);
    context.respondError(error, [['content-range', contentRange(range, length)]]);
  } else if (range.kind === 'part') {
    headers.push(['content-range', contentRange(range, length)]);
    const source = new SectionSource(sections(), range);
    context.respondStream(206, headers, source, range.end - range.start);
  } else {
    context.respondStream(200, headers, new SectionSource(sections()), length);
  }
}

/** RFC 9110 §14.2: only GET has ranges; §13.1.5: not those of another version. */
function rangeOf(context: RequestContext, etag: string, length: number): ByteRange {
  const isWanted =
    context.request.method === 'GET' && matchesIfRange(context.header('if-range'), etag);
  return parseByteRange(isWanted ? context.header('range') : undefined, length);
}
