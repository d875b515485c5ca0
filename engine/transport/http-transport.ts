/**
 * The port between HTTP sockets and everything above. Two adapters pass one contract suite (test/contract/http-transport):
 * uWebSockets.js for service, node:http where its binary is missing or HTTP clients are too slow for its idle rule.
 */
export interface HttpTransport {
  /** Binds and listens; resolves with the port in use. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<number>;
  /** Stops accepting connections; those in progress go on. */
  stopListening(): void;
  /** Resolves when the last exchange has ended, or after `graceMs`, when it closes what is left. */
  close(graceMs: number): Promise<void>;
}

export type HttpHandler = (exchange: HttpExchange) => void;

export interface HttpRequest {
  /** Upper case. */
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query string. */
  readonly path: string;
  /** Query string as sent, without `?`; empty when there is none. */
  readonly query: string;
  /** Value of the header named in lower case; repeated headers are joined with `, `. */
  header(name: string): string | undefined;
  readonly remoteAddress: string;
}

/** `chunk` may be shared with the socket: it is valid only until `onChunk` returns. */
export interface BodyReceiver {
  onChunk(chunk: Uint8Array): void;
  onEnd(): void;
}

/** Response headers in the order to be sent; `content-length` is the transport's. */
export type HttpHeaders = readonly (readonly [name: string, value: string])[];

/** Where the bytes of a streamed response come from. */
export interface ResponseSource {
  /**
   * The next bytes, or null at the end. Called again only when the socket has taken what was given before, so one piece at a
   * time is in memory. A thrown error closes the connection without a clean end, so that the client sees the truncation.
   */
  read(): Uint8Array | null | Promise<Uint8Array | null>;
  /** Called once when the response has ended, in whatever way. */
  close(): void;
}

/** One request and its one response. */
export interface HttpExchange {
  readonly request: HttpRequest;
  /** True once the client has gone; every method below is then a no-op. */
  readonly isAborted: boolean;
  /** Called once if the client goes before the response has ended. */
  onAborted(listener: () => void): void;

  /** Starts delivery of the request body. Without it the body is drained and dropped. */
  receiveBody(receiver: BodyReceiver): void;
  /** Asks for no more body chunks; some that were already read from the socket may still come. */
  pauseBody(): void;
  resumeBody(): void;

  /** Answers with a complete body (`content-length` is set). A HEAD request gets the headers and the length only. */
  respond(status: number, headers: HttpHeaders, body?: Uint8Array | string): void;
  /** Answers from a source, with `content-length` when `contentLength` is given, chunked otherwise. */
  respondStream(
    status: number,
    headers: HttpHeaders,
    source: ResponseSource,
    contentLength?: number,
  ): void;
}
