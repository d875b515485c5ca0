import { connect, type Socket } from 'node:net';

import { type HttpResponse, HttpResponseReader } from './http-response-reader.js';

/** One request; the client adds Host and Content-Length. */
export interface HttpRequest {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  /** Header lines without Host and Content-Length, e.g. `Accept: application/dicom+json`. */
  readonly headerLines?: readonly string[];
  /** Body as a list of buffers, written without joining them. */
  readonly body?: readonly Buffer[];
  /** Whether the answer's body is wanted. */
  readonly keepBody: boolean;
  /** Called when the answer begins to arrive. */
  readonly onFirstByte?: () => void;
}

const READ_BUFFER_BYTES = 256 * 1024;
const RESPONSE_TIMEOUT_MS = 120_000;

/**
 * A keep-alive HTTP/1.1 connection for load: one request at a time over a bare socket, one read buffer for its whole life. It
 * costs a fraction of node:http per request, so that with small requests the server is measured and not the client.
 */
export class HttpConnection {
  readonly #port: number;
  readonly #readBuffer = Buffer.allocUnsafe(READ_BUFFER_BYTES);
  readonly #reader = new HttpResponseReader();
  #socket: Socket | undefined;
  #onFirstByte: (() => void) | undefined;
  #settle: { resolve(response: HttpResponse): void; reject(error: Error): void } | undefined;

  /** Connects to 127.0.0.1 at the first request, and again when the server has closed. */
  constructor(port: number) {
    this.#port = port;
  }

  /**
   * Sends one request and waits for the whole answer.
   *
   * @throws Error on connection failure, premature end, a malformed answer, or none within two minutes
   */
  request(request: HttpRequest): Promise<HttpResponse> {
    if (this.#settle !== undefined) throw new Error('one request at a time');
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#reader.expect(request.keepBody);
      this.#onFirstByte = request.onFirstByte;
      const socket = (this.#socket ??= this.#connect());
      socket.cork();
      socket.write(headerText(request, this.#port), 'latin1');
      for (const piece of request.body ?? []) socket.write(piece);
      socket.uncork();
    });
  }

  /** Ends the connection. */
  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #connect(): Socket {
    const socket = connect({
      host: '127.0.0.1',
      port: this.#port,
      noDelay: true,
      onread: {
        buffer: this.#readBuffer,
        callback: (length, buffer) => {
          this.#received(Buffer.from(buffer.buffer, buffer.byteOffset, length));
          return true;
        },
      },
    });
    socket.setTimeout(RESPONSE_TIMEOUT_MS, () => socket.destroy(new Error('response timeout')));
    socket.on('error', (error) => this.#fail(socket, error));
    socket.on('close', () => this.#closed(socket));
    return socket;
  }

  #received(bytes: Buffer): void {
    this.#onFirstByte?.();
    this.#onFirstByte = undefined;
    try {
      const response = this.#reader.push(bytes);
      if (response !== undefined) this.#answer(response);
    } catch (error) {
      this.#socket?.destroy(error as Error);
    }
  }

  #answer(response: HttpResponse): void {
    const settle = this.#settle;
    this.#settle = undefined;
    if (response.closes) this.close();
    settle?.resolve(response);
  }

  #closed(socket: Socket): void {
    if (socket !== this.#socket) return;
    const response = this.#reader.end();
    if (response !== undefined && this.#settle !== undefined) this.#answer(response);
    else this.#fail(socket, new Error('connection closed before the response was complete'));
  }

  #fail(socket: Socket, error: Error): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.reject(error);
  }
}

function headerText(request: HttpRequest, port: number): string {
  let text = `${request.method} ${request.target} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n`;
  for (const line of request.headerLines ?? []) text += `${line}\r\n`;
  if (request.body !== undefined) {
    const lengthBytes = request.body.reduce((sum, piece) => sum + piece.length, 0);
    text += `Content-Length: ${lengthBytes}\r\n`;
  }
  return `${text}\r\n`;
}
