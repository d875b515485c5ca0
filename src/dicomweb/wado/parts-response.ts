import { BufferPool } from '#engine/base/buffer-pool.js';
import type { BlobSource, TranscodedInstance } from '#engine/engine-types.js';
import {
  MultipartRelatedWriter,
  type PartHeaderFields,
} from '#engine/multipart/multipart-related-writer.js';
import type { HttpHeaders, ResponseSource } from '#engine/transport/http-transport.js';
import type { RequestContext } from '#src/http/request-context.js';

/** What a response holds in memory: room for a frame of 512 x 512 x 16 bit with its envelope, sent by one write. */
const pieces = new BufferPool(576 * 1024, 64);

/** One part of a retrieve response. */
export interface ResponsePart {
  readonly contentType: string;
  readonly headers: PartHeaderFields;
  readonly body: BlobSource | TranscodedInstance;
}

/** Parts that are found, and read, one after another; undefined is one that turned out not to be. */
export type PartIterator = Iterator<ResponsePart | Promise<ResponsePart | undefined>>;

export interface PartsResponse {
  /** Media type of the parts, for the `type` parameter of the response (RFC 2387 §3.1). */
  readonly partType: string;
  /** Text that the boundary derives from: equal requests get equal bytes, so that ranges of them fit together. */
  readonly boundaryKey: string;
  readonly headers: HttpHeaders;
  readonly status: number;
}

/**
 * Streams parts as multipart/related, with its length when all parts are known before the first is sent. Rejects, without an
 * answer, when the first bytes cannot be read; an error behind them breaks the connection.
 */
export async function respondParts(
  context: RequestContext,
  response: PartsResponse,
  parts: readonly ResponsePart[] | PartIterator,
): Promise<void> {
  const writer = new MultipartRelatedWriter(response.boundaryKey, response.partType);
  const headers: HttpHeaders = [['content-type', writer.contentType], ...response.headers];
  if ('next' in parts) {
    const source = new PieceSource(multipartSections(writer, parts), () => parts.return?.());
    await source.begin(context);
    context.respondStream(response.status, headers, source);
    return;
  }
  let contentLength: number | undefined = writer.end.length;
  for (const [index, { contentType, headers: others, body }] of parts.entries()) {
    const head = writer.partHead(index, contentType, others);
    if (body.length === undefined) contentLength = undefined;
    if (contentLength !== undefined) contentLength += head.length + (body.length ?? 0);
  }
  const source = new PieceSource(multipartSections(writer, parts[Symbol.iterator]()));
  await source.begin(context);
  context.respondStream(response.status, headers, source, contentLength);
}

/** Streams one stretch of bytes as the whole response body. Rejects as `respondParts` does. */
export async function respondSingle(
  context: RequestContext,
  status: number,
  headers: HttpHeaders,
  body: BlobSource | TranscodedInstance,
): Promise<void> {
  const source = new PieceSource([body][Symbol.iterator]());
  await source.begin(context);
  context.respondStream(status, headers, source, body.length);
}

/** Bytes as they are, or a stretch to be read; one without a length ends where nothing more comes. */
type Section = Uint8Array | BlobSource | TranscodedInstance;

function* multipartSections(
  writer: MultipartRelatedWriter,
  parts: PartIterator,
): Generator<Section | Promise<readonly Section[]>> {
  let index = 0;
  const sections = (part: ResponsePart | undefined): readonly Section[] =>
    part === undefined ? [] : [writer.partHead(index++, part.contentType, part.headers), part.body];
  for (let next = parts.next(); next.done !== true; next = parts.next()) {
    if (next.value instanceof Promise) yield next.value.then(sections);
    else yield* sections(next.value);
  }
  yield writer.end;
}

/** Fills one buffer after another from sections; the buffer is the same one, since a piece is gone before the next is asked. */
class PieceSource implements ResponseSource {
  readonly #sections: Iterator<Section | Promise<readonly Section[]>>;
  readonly #onClose: (() => void) | undefined;
  readonly #ready: Section[] = [];
  readonly #piece = pieces.take();
  #first: Uint8Array | null | undefined;
  #position = 0;
  #isOver = false;
  #isFilling = false;
  #isClosed = false;

  constructor(sections: Iterator<Section | Promise<readonly Section[]>>, onClose?: () => void) {
    this.#sections = sections;
    this.#onClose = onClose;
  }

  /** Reads the first piece, so that a response to a damaged instance begins with the status of an error; closes when it throws. */
  async begin(context: RequestContext): Promise<void> {
    if (context.request.method === 'HEAD') return;
    try {
      this.#first = await this.read();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async read(): Promise<Uint8Array | null> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    this.#isFilling = true;
    try {
      const length = await this.#fill();
      return length === 0 ? null : this.#piece.subarray(0, length);
    } finally {
      this.#isFilling = false;
      if (this.#isClosed) pieces.giveBack(this.#piece);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#onClose?.();
    // A read under way still writes into the buffer.
    if (!this.#isFilling) pieces.giveBack(this.#piece);
  }

  async #fill(): Promise<number> {
    let length = 0;
    while (length < this.#piece.length) {
      const section = this.#ready[0];
      if (section === undefined) {
        if (!(await this.#next())) return length;
        continue;
      }
      const target = this.#piece.subarray(length);
      const copied =
        section instanceof Uint8Array
          ? copyFrom(section, this.#position, target)
          : section.read(this.#position, target);
      const bytes = typeof copied === 'number' ? copied : await copied;
      length += bytes;
      this.#position += bytes;
      const isAtEnd = section.length === undefined ? bytes === 0 : this.#position >= section.length;
      if (!isAtEnd) continue;
      this.#ready.shift();
      this.#position = 0;
    }
    return length;
  }

  /** Takes the next section; false at the end. */
  async #next(): Promise<boolean> {
    if (this.#isOver) return false;
    const next = this.#sections.next();
    if (next.done === true) {
      this.#isOver = true;
      return false;
    }
    if (next.value instanceof Promise) this.#ready.push(...(await next.value));
    else this.#ready.push(next.value);
    return true;
  }
}

function copyFrom(bytes: Uint8Array, position: number, target: Uint8Array): number {
  const rest = bytes.subarray(position, position + target.length);
  target.set(rest);
  return rest.length;
}
