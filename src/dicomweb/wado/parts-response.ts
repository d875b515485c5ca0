import {
  MultipartRelatedWriter,
  type PartHeaderFields,
} from '#engine/multipart/multipart-related-writer.js';
import type { RequestContext } from '#src/http/request-context.js';
import { respondBytes, type BytesHead } from './bytes-response.js';
import type { Section, SectionBody } from './section-source.js';

/** One part of a retrieve response. */
export interface ResponsePart {
  readonly contentType: string;
  readonly headers: PartHeaderFields;
  readonly body: SectionBody;
}

/** Parts that are found, and read, one after another; undefined is one that turned out not to be had. */
export type PartIterator = Iterator<ResponsePart | Promise<ResponsePart | undefined>>;

/** A head whose content type is that of the multipart. */
export type PartsHead = Omit<BytesHead, 'contentType'>;

/** Parts measured at a time: about a millisecond of work. */
const measuredAtOnce = 256;

/**
 * Streams parts as multipart/related; `partType` is the media type of the parts, for the `type` parameter (RFC 2387 §3.1). `parts`
 * is called once to measure them and once to send them: where none has to be waited for, the length is told before the first
 * byte, and ranges are served. The boundary derives from the entity tag, so that ranges of repeated requests fit together.
 */
export async function respondParts(
  context: RequestContext,
  head: PartsHead,
  partType: string,
  parts: () => PartIterator,
): Promise<void> {
  const writer = new MultipartRelatedWriter(head.etag, partType);
  const length = await lengthOf(writer, parts());
  if (context.isAborted) return;
  await respondBytes(context, { ...head, contentType: writer.contentType }, length, () =>
    multipartSections(writer, parts()),
  );
}

/** Streams parts that are made while they are sent: without a length, and without ranges. */
export async function respondStreamedParts(
  context: RequestContext,
  head: PartsHead,
  partType: string,
  parts: PartIterator,
): Promise<void> {
  const writer = new MultipartRelatedWriter(head.etag, partType);
  await respondBytes(context, { ...head, contentType: writer.contentType }, undefined, () =>
    multipartSections(writer, parts),
  );
}

/** Streams one stretch of bytes as the whole response body. */
export async function respondSingle(
  context: RequestContext,
  head: BytesHead,
  body: SectionBody,
): Promise<void> {
  await respondBytes(context, head, body.length, () => [body][Symbol.iterator]());
}

/** Bytes of the multipart; undefined when a part has to be waited for, or does not know its length. */
async function lengthOf(
  writer: MultipartRelatedWriter,
  parts: PartIterator,
): Promise<number | undefined> {
  let length = writer.end.length;
  let index = 0;
  for (let next = parts.next(); next.done !== true; next = parts.next()) {
    if (next.value instanceof Promise || next.value.body.length === undefined) {
      parts.return?.();
      return undefined;
    }
    const { contentType, headers, body } = next.value;
    length += writer.partHead(index++, contentType, headers).length + body.length!;
    if (index % measuredAtOnce === 0) await new Promise(setImmediate);
  }
  return length;
}

function* multipartSections(
  writer: MultipartRelatedWriter,
  parts: PartIterator,
): Generator<Section | Promise<readonly Section[]>> {
  let index = 0;
  const sections = (part: ResponsePart | undefined): readonly Section[] =>
    part === undefined ? [] : [writer.partHead(index++, part.contentType, part.headers), part.body];
  try {
    for (let next = parts.next(); next.done !== true; next = parts.next()) {
      if (next.value instanceof Promise) yield next.value.then(sections);
      else yield* sections(next.value);
    }
    yield writer.end;
  } finally {
    parts.return?.();
  }
}
