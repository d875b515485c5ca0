import { GantryError } from '#engine/base/error-catalogue.js';
import type { HttpHeaders } from '#engine/transport/http-transport.js';
import { contentRange, parseByteRange, type ByteRange } from '#src/http/byte-range.js';
import { matchesIfRange } from '#src/http/etag.js';
import type { RequestContext } from '#src/http/request-context.js';
import { varyByAccept } from '../resource-etag.js';
import { SectionSource, type SectionIterator } from './section-source.js';

/** Status and headers of a response of bytes. */
export interface BytesHead {
  /** 206 here means that instances are missing (PS3.18 §8.5.1); such a response has no ranges. */
  readonly status: 200 | 206;
  readonly contentType: string;
  /** Of the whole: not sent when instances are missing, because a client would keep the rest under it. */
  readonly etag: string;
  readonly headers: HttpHeaders;
}

/** The bytes of a stored instance never change, but another may take its place: a client asks again after a while. */
export const bytesCacheControl = ['cache-control', 'private, max-age=3600'] as const;

/**
 * Answers with sections, one after another. Where `length`, their bytes, is known it is told, and a range of them is served
 * (RFC 9110 §14): equal requests have equal bytes, envelopes included, so ranges of them fit together. Rejects, without an
 * answer, when the first bytes cannot be read; an error behind them breaks the connection.
 */
export async function respondBytes(
  context: RequestContext,
  { status, contentType, etag, headers: others }: BytesHead,
  length: number | undefined,
  sections: () => SectionIterator,
): Promise<void> {
  const entityTag = status === 206 ? [] : [['etag', etag] as const];
  const headers = [['content-type', contentType], ...entityTag, varyByAccept, ...others] as const;
  if (length === undefined || status === 206) {
    await stream(context, { status, headers, length }, new SectionSource(sections()));
    return;
  }
  const rangeHeaders = [...headers, ['accept-ranges', 'bytes']] as const;
  const range = rangeOf(context, etag, length);
  if (range.kind === 'unsatisfiable') {
    const error = new GantryError('range-not-satisfiable', `it has ${length} bytes`);
    context.respondError(error, [['content-range', contentRange(range, length)]]);
  } else if (range.kind === 'part') {
    const partHeaders = [...rangeHeaders, ['content-range', contentRange(range, length)]] as const;
    const head = { status: 206, headers: partHeaders, length: range.end - range.start };
    await stream(context, head, new SectionSource(sections(), range));
  } else {
    const head = { status: 200, headers: rangeHeaders, length };
    await stream(context, head, new SectionSource(sections()));
  }
}

interface StreamHead {
  readonly status: number;
  readonly headers: HttpHeaders;
  readonly length: number | undefined;
}

/** The first piece is read before the answer, so that a response to a damaged instance begins with the status of an error. */
async function stream(
  context: RequestContext,
  { status, headers, length }: StreamHead,
  source: SectionSource,
): Promise<void> {
  if (context.request.method !== 'HEAD') await source.begin();
  context.respondStream(status, headers, source, length);
}

/** RFC 9110 §14.2: only GET has ranges; §13.1.5: not those of another version. */
function rangeOf(context: RequestContext, etag: string, length: number): ByteRange {
  const isWanted =
    context.request.method === 'GET' && matchesIfRange(context.header('if-range'), etag);
  return parseByteRange(isWanted ? context.header('range') : undefined, length);
}
