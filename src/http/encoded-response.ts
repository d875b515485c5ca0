import type { HttpHeaders, ResponseSource } from '#engine/transport/http-transport.js';
import { CompressedSource } from './compressed-source.js';
import { chooseContentEncoding, type ContentEncoding } from './content-encoding.js';
import type { RequestContext } from './request-context.js';

/** What compressors hold is bounded by their number: each has about a mebibyte. Further answers go out as they are. */
const compressorsMax = 64;
let compressorCount = 0;

/** The encoding that an answer to the request will have; part of what its entity tag names. */
export function contentEncodingOf(context: RequestContext): ContentEncoding {
  const wanted = chooseContentEncoding(context.header('accept-encoding'));
  return compressorCount < compressorsMax ? wanted : 'identity';
}

/** Answers 200 from a source of text, compressed where the client wants that. */
export function respondEncoded(
  context: RequestContext,
  headers: HttpHeaders,
  source: ResponseSource,
): void {
  const encoding = contentEncodingOf(context);
  if (encoding === 'identity') {
    context.respondStream(200, headers, source);
    return;
  }
  compressorCount++;
  const compressed = new CompressedSource(source, encoding, () => compressorCount--);
  context.respondStream(200, [...headers, ['content-encoding', encoding]], compressed);
}
