/**
 * The port between HTTP sockets and everything above. Two adapters pass one contract suite (test/contract/http-transport):
 * uWebSockets.js for service, node:http where its binary is missing or peers speak what it does not (HTTP/1.0).
 */
export interface HttpTransport {
  /** Binds and listens; resolves with the port in use. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<number>;
  /** Stops accepting connections; those in progress go on, and answers ask clients to close theirs. */
  stopListening(): void;
  /** Stops listening; resolves when the last exchange has ended, or after `graceMs`, when it closes what is left. */
  close(graceMs: number): Promise<void>;
}

/** Must not throw: an error in a handler or a `BodyReceiver` is a programmer's error and ends the process. */
export type HttpHandler = (exchange: HttpExchange) => void;

export interface HttpTransportOptions {
  readonly handler: HttpHandler;
  /** PEM files; without them the transport speaks plain HTTP. */
  readonly tls?: TlsFiles;
  /** Which clients are too slow to be waited for. */
  readonly slowClients?: SlowClientPolicy;
  /** What the kernel may receive ahead of us on each connection; 0 or nothing leaves it to the kernel. */
  readonly receiveBufferBytes?: number;
}

export interface TlsFiles {
  readonly keyFile: string;
  readonly certFile: string;
}

/**
 * When to close the connection of a slow client. Both rules are judged over windows of `stallTimeoutMs`; time during which we
 * ourselves paused the body, or had nothing to send, does not count.
 */
export interface SlowClientPolicy {
  /** A client that in this time sends no byte of its body, or takes no byte of its response, is gone. */
  readonly stallTimeoutMs: number;
  /** Average rate that a body must reach over the window; 0 for none. */
  readonly minimumBodyBytesPerSecond: number;
}

export const defaultSlowClientPolicy: SlowClientPolicy = {
  stallTimeoutMs: 60_000,
  minimumBodyBytesPerSecond: 64,
};

export interface HttpRequest {
  /** As sent; the standard methods are upper case. */
  readonly method: string;
  /** Path as sent, still percent-encoded, without the query string. */
  readonly path: string;
  /** Query string as sent, without `?`; empty when there is none. */
  readonly query: string;
  /** Value of the header named in lower case; repeated headers are joined with `, `. */
  header(name: string): string | undefined;
  /** As people write it: `10.0.0.5`, `2001:db8::5`. */
  readonly remoteAddress: string;
}

/** `chunk` may be shared with the socket: it is valid only until `onChunk` returns. */
export interface BodyReceiver {
  onChunk(chunk: Uint8Array): void;
  onEnd(): void;
}

/** Response headers in the order to be sent; `content-length` is the transport's. Control characters are a programmer's error. */
export type HttpHeaders = readonly (readonly [name: string, value: string])[];

/** Where the bytes of a streamed response come from. */
export interface ResponseSource {
  /**
   * The next bytes, or null at the end. Called again only when the socket has taken what was given before, so one piece at a
   * time is in memory, and its memory may then be used again. Pieces may be views of shared memory. A thrown error, an
   * early end or a piece beyond the announced length closes the connection without a clean end, so that the client sees the
   * truncation.
   */
  read(): Uint8Array | null | Promise<Uint8Array | null>;
  /** Called once when the response has ended, in whatever way; a `read` may then still be under way. */
  close(): void;
}

/** One request and its one response. */
export interface HttpExchange {
  readonly request: HttpRequest;
  /** True once `respond` or `respondStream` was called; calling one of them again is a programmer's error. */
  readonly isAnswered: boolean;
  /** True once the connection broke; every method below is then a no-op. */
  readonly isAborted: boolean;
  /** Adds a listener, called once if the connection breaks before the response has ended; not if it broke already. */
  onAborted(listener: () => void): void;

  /**
   * Starts delivery of the request body; may be called at any time before the answer, the socket is not read further until
   * then, and a body that is there already is delivered before this returns. What is left of the body when the answer is given is drained and dropped.
   */
  receiveBody(receiver: BodyReceiver): void;
  /** Asks for no more body chunks; some that were already read from the socket may still come. */
  pauseBody(): void;
  resumeBody(): void;

  /**
   * Answers with a complete body (`content-length` is set). The body is not copied: it must not change until it is sent. A HEAD
   * request gets the headers and the length only; 204 and 304 have neither body nor length (RFC 9110 §8.6).
   */
  respond(status: number, headers: HttpHeaders, body?: Uint8Array | string): void;
  /**
   * Answers from a source, with `content-length` when `contentLength` is given, chunked otherwise. The head is sent together
   * with the first piece.
   */
  respondStream(
    status: number,
    headers: HttpHeaders,
    source: ResponseSource,
    contentLength?: number,
  ): void;
}
