import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import type {
  BodyReceiver,
  HttpExchange,
  HttpHeaders,
  HttpRequest,
  ResponseSource,
} from '#engine/transport/http-transport.js';
import { errorResponse, type ErrorBody } from './error-response.js';
import { parseQueryString, type QueryParameters } from './query-string.js';
import { isRefusal, type RefusalLog } from './refusal-log.js';
import type { RouteParams } from './router.js';

export interface RequestContextOptions {
  readonly exchange: HttpExchange;
  readonly params: RouteParams;
  readonly correlationId: string;
  readonly log: Logger;
  /** Of the whole service: refusals come in thousands. */
  readonly refusals: RefusalLog;
  readonly errorBody: ErrorBody;
  /** Headers of every answer: correlation, CORS, security. */
  readonly commonHeaders: HttpHeaders;
  /** The status has been decided; called once. */
  readonly onAnswered: (status: number) => void;
  /** The answer has been handed to the transport, a streamed one to its last piece or to its break; may be called again. */
  readonly onEnded: () => void;
}

/**
 * One request as a handler sees it. Whatever is thrown here, in a receiver or in a source, is answered or breaks the connection:
 * nothing reaches the socket's event loop.
 */
export class RequestContext {
  readonly params: RouteParams;
  readonly correlationId: string;
  /** Adds the correlation id to every line. */
  readonly log: Logger;
  readonly #options: RequestContextOptions;
  readonly #exchange: HttpExchange;
  #query: QueryParameters | undefined;

  constructor(options: RequestContextOptions) {
    this.params = options.params;
    this.correlationId = options.correlationId;
    this.log = options.log;
    this.#options = options;
    this.#exchange = options.exchange;
  }

  get request(): HttpRequest {
    return this.#exchange.request;
  }

  /** Throws `bad-request` when the query string cannot be decoded. */
  get query(): QueryParameters {
    return (this.#query ??= parseQueryString(this.request.query));
  }

  /** Value of the request header named in lower case. */
  header(name: string): string | undefined {
    return this.request.header(name);
  }

  get isAnswered(): boolean {
    return this.#exchange.isAnswered;
  }

  get isAborted(): boolean {
    return this.#exchange.isAborted;
  }

  onAborted(listener: () => void): void {
    this.#exchange.onAborted(listener);
  }

  /** Delivers the body; an error thrown by the receiver is answered, and nothing more is delivered. */
  receiveBody(receiver: BodyReceiver): void {
    this.#exchange.receiveBody({
      onChunk: (chunk) => this.#guard(() => receiver.onChunk(chunk)),
      onEnd: () => this.#guard(() => receiver.onEnd()),
    });
  }

  pauseBody(): void {
    this.#exchange.pauseBody();
  }

  resumeBody(): void {
    this.#exchange.resumeBody();
  }

  /** The whole body of a small request. Rejects with `payload-too-large` beyond `bytesMax`, `aborted` when the client goes. */
  readBody(bytesMax: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      if (this.isAborted) reject(new GantryError('aborted'));
      this.onAborted(() => reject(new GantryError('aborted')));
      this.#exchange.receiveBody({
        onChunk: (chunk) => {
          bytes += chunk.length;
          if (bytes <= bytesMax) chunks.push(Buffer.from(chunk));
          else reject(new GantryError('payload-too-large', `at most ${bytesMax} bytes`));
        },
        onEnd: () => resolve(Buffer.concat(chunks)),
      });
    });
  }

  /** Answers with a complete body. Header names in lower case. */
  respond(status: number, headers: HttpHeaders = [], body: Uint8Array | string = ''): void {
    this.#options.onAnswered(status);
    this.#exchange.respond(status, this.#withCommon(headers), body);
    this.#options.onEnded();
  }

  /** Answers with JSON; clients compare the type literally, so it carries no charset. */
  respondJson(status: number, value: unknown, contentType = 'application/json'): void {
    this.respond(status, [['content-type', contentType]], JSON.stringify(value));
  }

  /** Answers from a source, see `HttpExchange.respondStream`; an error of the source is logged and breaks the connection. */
  respondStream(
    status: number,
    headers: HttpHeaders,
    source: ResponseSource,
    contentLength?: number,
  ): void {
    this.#options.onAnswered(status);
    const watched: ResponseSource = {
      read: () => {
        try {
          const piece = source.read();
          return piece instanceof Promise
            ? piece.catch((error) => this.#onSourceError(error))
            : piece;
        } catch (error) {
          return this.#onSourceError(error);
        }
      },
      close: () => {
        source.close();
        this.#options.onEnded();
      },
    };
    this.#exchange.respondStream(status, this.#withCommon(headers), watched, contentLength);
  }

  /**
   * Answers with problem details. An error that comes after the answer, or is our own fault, is logged; of the latter the client
   * learns nothing but the correlation id. Of refusals there is a line a second.
   */
  respondError(error: unknown, headers: HttpHeaders = []): void {
    const known = toGantryError(error);
    const { correlationId, errorBody } = this.#options;
    const { status, headers: errorHeaders, body } = errorResponse(known, correlationId, errorBody);
    if (isRefusal(known)) this.#options.refusals.note(known.code);
    else if (status >= 500) this.log.error({ code: known.code, err: error }, 'request failed');
    if (this.isAborted) return;
    if (this.isAnswered) {
      this.log.warn({ code: known.code, err: error }, 'error after the answer');
      return;
    }
    this.respond(status, [...errorHeaders, ...headers], body);
  }

  #guard(action: () => void): void {
    if (this.isAnswered) return;
    try {
      action();
    } catch (error) {
      this.respondError(error);
    }
  }

  #onSourceError(error: unknown): never {
    this.log.error({ code: toGantryError(error).code, err: error }, 'response broken off');
    throw error;
  }

  #withCommon(headers: HttpHeaders): HttpHeaders {
    return [...headers, ...this.#options.commonHeaders];
  }
}
