import type { IncomingMessage, ServerResponse } from 'node:http';
import { assert } from '#engine/base/assert.js';
import type { ExchangeRegistry, OpenExchange } from './exchange-registry.js';
import type {
  BodyReceiver,
  HttpExchange,
  HttpHeaders,
  HttpRequest,
  ResponseSource,
  SlowClientPolicy,
} from './http-transport.js';
import { plainAddress } from './plain-address.js';
import { ProgressWindow } from './progress-window.js';
import { RequestHeaders } from './request-headers.js';
import { assertHeaders } from './response-headers.js';
import { singlePieceSource } from './single-piece-source.js';

/** A piece is written in slices, so that the progress of a slow reader can be seen. */
const sliceBytesMax = 256 * 1024;

/** One exchange on node:http. */
export class NodeExchange implements HttpExchange, OpenExchange {
  readonly request: HttpRequest;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #registry: ExchangeRegistry;
  readonly #progress = new ProgressWindow();
  readonly #abortListeners: (() => void)[] = [];
  #isAnswered = false;
  #isAborted = false;
  #isOver = false;
  #hasReceiver = false;
  #isBodyEnded = false;
  #isBodyPaused = false;
  #source: ResponseSource | undefined;
  /** Ends the wait for the socket; set while a slice is being written. */
  #onSliceTaken: (() => void) | undefined;

  constructor(incoming: IncomingMessage, response: ServerResponse, registry: ExchangeRegistry) {
    const headers = new RequestHeaders();
    const raw = incoming.rawHeaders;
    for (let i = 0; i < raw.length; i += 2) headers.add(raw[i]!.toLowerCase(), raw[i + 1]!);
    const url = incoming.url ?? '/';
    const queryStart = url.indexOf('?');
    this.request = {
      method: incoming.method ?? '',
      path: queryStart < 0 ? url : url.slice(0, queryStart),
      query: queryStart < 0 ? '' : url.slice(queryStart + 1),
      header: (name) => headers.get(name),
      remoteAddress: plainAddress(incoming.socket.remoteAddress ?? ''),
    };
    this.#incoming = incoming;
    this.#response = response;
    this.#registry = registry;
    this.#isBodyEnded = !headers.announcesBody;
    incoming.on('error', () => this.#abort());
    response.on('error', () => this.#abort());
    response.on('close', () => (response.writableFinished ? this.#finish() : this.#abort()));
  }

  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  get isAborted(): boolean {
    return this.#isAborted;
  }

  onAborted(listener: () => void): void {
    this.#abortListeners.push(listener);
  }

  receiveBody(receiver: BodyReceiver): void {
    if (this.#isAborted) return;
    assert(!this.#hasReceiver, 'the body has one receiver');
    assert(!this.#isAnswered, 'the body is received before the answer');
    this.#hasReceiver = true;
    this.#incoming.on('data', (chunk: Buffer) => {
      this.#progress.add(chunk.length);
      if (!this.#isAnswered && !this.#isAborted) receiver.onChunk(chunk);
    });
    this.#incoming.on('end', () => {
      this.#isBodyEnded = true;
      if (!this.#isAnswered && !this.#isAborted) receiver.onEnd();
    });
  }

  pauseBody(): void {
    if (this.#isBodyEnded || this.#isAnswered || this.#isAborted) return;
    this.#isBodyPaused = true;
    this.#incoming.pause();
  }

  resumeBody(): void {
    if (!this.#isBodyPaused || this.#isAborted) return;
    this.#isBodyPaused = false;
    this.#incoming.resume();
  }

  respond(status: number, headers: HttpHeaders, body: Uint8Array | string = ''): void {
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    this.respondStream(status, headers, singlePieceSource(bytes), bytes.length);
  }

  respondStream(
    status: number,
    headers: HttpHeaders,
    source: ResponseSource,
    contentLength?: number,
  ): void {
    assert(!this.#isAnswered, 'an exchange has one answer');
    assertHeaders(headers);
    this.#isAnswered = true;
    if (this.#isAborted) {
      source.close();
      return;
    }
    this.#isBodyPaused = false;
    this.#incoming.resume();
    const hasNoBody = status === 204 || status === 304;
    const head = headers.flat();
    if (contentLength !== undefined && !hasNoBody) {
      head.push('content-length', String(contentLength));
    }
    if (this.#registry.isDraining) this.#response.shouldKeepAlive = false;
    this.#response.writeHead(status, head);
    if (hasNoBody || contentLength === 0 || this.request.method === 'HEAD') {
      source.close();
      this.#response.end();
      return;
    }
    this.#source = source;
    void this.#pump(source, contentLength);
  }

  /** Called by the transport's timer: closes the connection of a client that is too slow. */
  tick(nowMs: number, policy: SlowClientPolicy): void {
    if (this.#progress.isTooSlow(this.#waitingFor(), nowMs, policy)) this.close();
  }

  /** Breaks the connection. */
  close(): void {
    this.#response.destroy();
  }

  #waitingFor(): 'body' | 'reader' | 'ourselves' {
    if (this.#isAnswered) return this.#onSliceTaken === undefined ? 'ourselves' : 'reader';
    const isBodyWanted = this.#hasReceiver && !this.#isBodyPaused && !this.#isBodyEnded;
    return isBodyWanted ? 'body' : 'ourselves';
  }

  async #pump(source: ResponseSource, contentLength: number | undefined): Promise<void> {
    try {
      let bytesLeft = contentLength ?? Number.POSITIVE_INFINITY;
      const { turn } = this.#registry;
      while (!this.#isAborted && bytesLeft > 0) {
        const piece = await source.read();
        if (piece === null) break;
        if (piece.length > bytesLeft) throw new Error('the source gave more than it announced');
        bytesLeft -= piece.length;
        if (turn.isUsedUp) await new Promise<void>((resolve) => turn.wait(resolve));
        for (let taken = 0; taken < piece.length && !this.#isAborted; taken += sliceBytesMax) {
          await this.#writeSlice(piece.subarray(taken, taken + sliceBytesMax));
        }
      }
      if (contentLength !== undefined && bytesLeft > 0) throw new Error('the source ended early');
      this.#closeSource();
      this.#response.end();
    } catch {
      this.close();
    }
  }

  #closeSource(): void {
    this.#source?.close();
    this.#source = undefined;
  }

  /** Resolves when the socket has taken the slice, or the exchange is over. */
  #writeSlice(slice: Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      const onTaken = (): void => {
        this.#onSliceTaken = undefined;
        this.#progress.add(slice.length);
        resolve();
      };
      this.#onSliceTaken = onTaken;
      this.#response.write(slice, onTaken);
    });
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#registry.remove(this);
  }

  #abort(): void {
    if (this.#isOver) return;
    this.#isAborted = true;
    this.#onSliceTaken?.();
    this.#closeSource();
    for (const listener of this.#abortListeners) listener();
    this.#finish();
  }
}
