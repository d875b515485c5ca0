/**
 * The part of uWebSockets.js that Gantry uses, without the `any` of its own declarations. What the library demands of callers:
 * a response may be touched only until it has ended or its abort handler has run, and a request only inside its handler.
 */
export interface UwsResponse {
  /** Stops reading from the socket (a few chunks already read may still come) and suspends the library's idle timer. */
  pause(): void;
  /** Reads again and re-arms the idle timer, in both directions. */
  resume(): void;
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  /** Sends one chunk of a chunked response; false when some of it had to be buffered. The bytes are taken in any case. */
  write(chunk: Uint8Array): boolean;
  /** Ends a chunked response, or one with an empty body. */
  end(): UwsResponse;
  /** Ends a response that has no body and no `content-length` of the library's making. */
  endWithoutBody(): UwsResponse;
  /** Takes what the socket has room for: `[all of it was taken, the response is complete]`. Nothing is buffered. */
  tryEnd(chunk: Uint8Array, totalBytes: number): [isTaken: boolean, isComplete: boolean];
  /** Body bytes taken so far by `tryEnd`. */
  getWriteOffset(): number;
  onWritable(handler: (offset: number) => boolean): UwsResponse;
  onAborted(handler: () => void): UwsResponse;
  /** The chunk's memory is detached when the handler returns. */
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse;
  /** Collects the writes of `writer` into few system calls. */
  cork(writer: () => void): UwsResponse;
  /** Closes the connection at once; the abort handler runs. */
  close(): UwsResponse;
  getRemoteAddressAsText(): ArrayBuffer;
}

export interface UwsRequest {
  getCaseSensitiveMethod(): string;
  getUrl(): string;
  getQuery(): string | undefined;
  forEach(visit: (lowerCaseName: string, value: string) => void): void;
}

declare const listenSocketBrand: unique symbol;
/** A native pointer. */
export interface UwsListenSocket {
  readonly [listenSocketBrand]: true;
}

export interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  listen(
    host: string,
    port: number,
    options: number,
    onListening: (socket: UwsListenSocket | false) => void,
  ): UwsApp;
  /** Closes every socket at once. */
  close(): UwsApp;
}

export interface UwsTlsOptions {
  readonly key_file_name: string;
  readonly cert_file_name: string;
}

export interface UwsModule {
  App(): UwsApp;
  SSLApp(options: UwsTlsOptions): UwsApp;
  us_listen_socket_close(socket: UwsListenSocket): void;
  us_socket_local_port(socket: UwsListenSocket): number;
  /** Refuse a port that another socket listens on, rather than share it. */
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  _cfg(setting: 'silent'): void;
}
