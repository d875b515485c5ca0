import { STATUS_CODES } from 'node:http';
import { assert } from '#engine/base/assert.js';
import type { UwsRequest, UwsResponse } from '#native-bindings/uwebsockets/uws-types.js';
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
import { UwsResponsePump } from './uws-response-pump.js';

/** One exchange on uWebSockets.js. Guards every call of the library, whose objects die when a response ends or aborts. */
export class UwsExchange implements HttpExchange, OpenExchange {
  readonly request: HttpRequest;
  readonly #response: UwsResponse;
  readonly #registry: ExchangeRegistry;
  readonly #progress = new ProgressWindow();
  readonly #abortListeners: (() => void)[] = [];
  #isAnswered = false;
  #isAborted = false;
  #isOver = false;
  #pump: UwsResponsePump | undefined;

  #receiver: BodyReceiver | undefined;
  /** Copies of chunks that came before anybody asked for them: those of the read that brought the headers. */
  #heldChunks: Uint8Array[] = [];
  #isBodyEnded: boolean;
  #isBodyEndDelivered = false;
  #isSocketPaused = false;

  constructor(response: UwsResponse, request: UwsRequest, registry: ExchangeRegistry) {
    const headers = new RequestHeaders();
    request.forEach((name, value) => headers.add(name, value));
    this.request = {
      method: request.getCaseSensitiveMethod(),
      path: request.getUrl(),
      query: request.getQuery() ?? '',
      header: (name) => headers.get(name),
      remoteAddress: plainAddress(
        Buffer.from(response.getRemoteAddressAsText()).toString('latin1'),
      ),
    };
    this.#response = response;
    this.#registry = registry;
    this.#isBodyEnded = !headers.announcesBody;
    response.onAborted(() => this.#abort());
    if (!this.#isBodyEnded) response.onData((chunk, isLast) => this.#onData(chunk, isLast));
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
    assert(this.#receiver === undefined, 'the body has one receiver');
    assert(!this.#isAnswered, 'the body is received before the answer');
    this.#receiver = receiver;
    this.#setSocketPaused(false);
    const held = this.#heldChunks;
    this.#heldChunks = [];
    for (const chunk of held) this.#deliver(chunk);
    if (this.#isBodyEnded) this.#deliverEnd();
  }

  pauseBody(): void {
    if (!this.#isBodyEnded && !this.#isAnswered) this.#setSocketPaused(true);
  }

  resumeBody(): void {
    if (this.#receiver !== undefined) this.#setSocketPaused(false);
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
    this.#heldChunks = [];
    this.#setSocketPaused(false);
    const writeHead = (): void => this.#writeHead(status, headers);
    const hasNoBody = status === 204 || status === 304;
    if (hasNoBody || contentLength === 0 || this.request.method === 'HEAD') {
      source.close();
      this.#respondWithoutBody(writeHead, hasNoBody ? undefined : contentLength);
      return;
    }
    this.#pump = new UwsResponsePump({
      response: this.#response,
      source,
      contentLength,
      progress: this.#progress,
      turn: this.#registry.turn,
      writeHead,
      onComplete: () => this.#finish(),
    });
    this.#pump.run();
  }

  /**
   * Called by the transport's timer: closes the connection of a client that is too slow, and keeps the library from closing one
   * that is merely slow. Its own rule (16 KB/s, 10 s) cannot be configured, but a pause and resume re-arms it in both directions.
   */
  tick(nowMs: number, policy: SlowClientPolicy): void {
    if (this.#isOver) return;
    if (this.#progress.isTooSlow(this.#waitingFor(), nowMs, policy)) {
      this.#response.close();
    } else if (!this.#isSocketPaused) {
      this.#response.pause();
      this.#response.resume();
    }
  }

  /** Breaks the connection. */
  close(): void {
    if (!this.#isOver) this.#response.close();
  }

  #waitingFor(): 'body' | 'reader' | 'ourselves' {
    if (this.#pump !== undefined) return this.#pump.isSocketFull ? 'reader' : 'ourselves';
    return this.#isBodyEnded || this.#isSocketPaused ? 'ourselves' : 'body';
  }

  #onData(chunk: ArrayBuffer, isLast: boolean): void {
    if (this.#isOver) return;
    if (isLast) this.#isBodyEnded = true;
    if (this.#isAnswered) return;
    this.#progress.add(chunk.byteLength);
    const bytes = new Uint8Array(chunk);
    if (this.#receiver === undefined) {
      if (bytes.length > 0) this.#heldChunks.push(bytes.slice());
      if (!isLast) this.#setSocketPaused(true);
      return;
    }
    this.#deliver(bytes);
    if (isLast) this.#deliverEnd();
  }

  /** The receiver may answer, or close, at any chunk: what follows is dropped. */
  #deliver(chunk: Uint8Array): void {
    if (chunk.length > 0 && !this.#isAnswered && !this.#isAborted) this.#receiver?.onChunk(chunk);
  }

  #deliverEnd(): void {
    if (this.#isBodyEndDelivered || this.#isAnswered || this.#isAborted) return;
    this.#isBodyEndDelivered = true;
    this.#receiver?.onEnd();
  }

  #setSocketPaused(isPaused: boolean): void {
    if (this.#isOver || this.#isSocketPaused === isPaused) return;
    this.#isSocketPaused = isPaused;
    if (isPaused) this.#response.pause();
    else this.#response.resume();
  }

  #writeHead(status: number, headers: HttpHeaders): void {
    this.#response.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Unknown'}`);
    for (const [name, value] of headers) this.#response.writeHeader(name, value);
    if (this.#registry.isDraining) this.#response.writeHeader('connection', 'close');
  }

  #respondWithoutBody(writeHead: () => void, contentLength: number | undefined): void {
    this.#response.cork(() => {
      writeHead();
      // Not by the library's own parameter: it takes the response for unfinished when a length is announced without a body.
      if (contentLength !== undefined) {
        this.#response.writeHeader('content-length', String(contentLength));
      }
      this.#response.endWithoutBody();
    });
    this.#finish();
  }

  #finish(): void {
    this.#isOver = true;
    this.#registry.remove(this);
  }

  #abort(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isAborted = true;
    this.#heldChunks = [];
    this.#pump?.stop();
    for (const listener of this.#abortListeners) listener();
    this.#registry.remove(this);
  }
}
