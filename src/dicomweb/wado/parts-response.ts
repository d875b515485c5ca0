import type { BlobSource } from '#engine/engine-types.js';
import { MultipartRelatedWriter } from '#engine/multipart/multipart-related-writer.js';
import type { HttpHeaders, ResponseSource } from '#engine/transport/http-transport.js';
import type { RequestContext } from '#src/http/request-context.js';

/** Bytes of a part read at a time; one piece of one part is in memory for each response. */
const pieceBytes = 512 * 1024;

/** One part of a retrieve response. */
export interface ResponsePart {
  readonly contentType: string;
  readonly headers: HttpHeaders;
  readonly body: BlobSource;
}

/** Parts that are found, and read, one after another. */
export type PartIterator = Iterator<ResponsePart | Promise<ResponsePart>>;

export interface PartsResponse {
  /** Media type of the parts, for the `type` parameter of the response (RFC 2387 §3.1). */
  readonly partType: string;
  /** Text that the boundary derives from: equal requests get equal bytes, so that ranges of them fit together. */
  readonly boundaryKey: string;
  readonly headers: HttpHeaders;
  readonly status: number;
}

/** Streams parts as multipart/related, with its length when all parts are known before the first is sent. */
export function respondParts(
  context: RequestContext,
  response: PartsResponse,
  parts: readonly ResponsePart[] | PartIterator,
): void {
  const writer = new MultipartRelatedWriter(response.boundaryKey, response.partType);
  const headers: HttpHeaders = [['content-type', writer.contentType], ...response.headers];
  if ('next' in parts) {
    context.respondStream(response.status, headers, multipartSource(writer, parts));
    return;
  }
  let contentLength = writer.end.length;
  for (const [index, part] of parts.entries()) {
    contentLength +=
      writer.partHead(index, part.contentType, part.headers).length + part.body.length;
  }
  const source = multipartSource(writer, parts[Symbol.iterator]());
  context.respondStream(response.status, headers, source, contentLength);
}

/** Streams one stretch of bytes as the whole response body. */
export function respondSingle(
  context: RequestContext,
  status: number,
  headers: HttpHeaders,
  body: BlobSource,
): void {
  let position = 0;
  const source: ResponseSource = {
    read: async () => {
      if (position >= body.length) return null;
      const piece = await body.read(position, pieceBytes);
      position += piece.length;
      return piece;
    },
    close: () => undefined,
  };
  context.respondStream(status, headers, source, body.length);
}

function multipartSource(writer: MultipartRelatedWriter, parts: PartIterator): ResponseSource {
  let index = 0;
  let body: BlobSource | undefined;
  let position = 0;
  let isOver = false;
  return {
    read: async () => {
      if (body !== undefined && position < body.length) {
        const piece = await body.read(position, pieceBytes);
        position += piece.length;
        return piece;
      }
      if (isOver) return null;
      const next = parts.next();
      if (next.done === true) {
        isOver = true;
        return writer.end;
      }
      const part = await next.value;
      body = part.body;
      position = 0;
      return writer.partHead(index++, part.contentType, part.headers);
    },
    close: () => void parts.return?.(),
  };
}

/** Bytes that are in memory already, as a part body. */
export function bytesSource(bytes: Uint8Array): BlobSource {
  return {
    length: bytes.length,
    read: (position, lengthMax) =>
      Promise.resolve(bytes.subarray(position, Math.min(bytes.length, position + lengthMax))),
  };
}
