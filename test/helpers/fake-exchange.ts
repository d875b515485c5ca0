import type {
  BodyReceiver,
  HttpExchange,
  HttpHeaders,
  HttpRequest,
  ResponseSource,
} from '#engine/transport/http-transport.js';

/** An exchange without a socket: records the answer, and lets a test play the client. */
export class FakeExchange implements HttpExchange {
  readonly request: HttpRequest;
  isAnswered = false;
  isAborted = false;
  status = 0;
  headers: ReadonlyMap<string, string> = new Map();
  body = '';
  source: ResponseSource | undefined;
  receiver: BodyReceiver | undefined;
  readonly #abortListeners: (() => void)[] = [];

  constructor(method: string, url: string, headers: Record<string, string> = {}) {
    const [path = '', query = ''] = url.split('?');
    this.request = {
      method,
      path,
      query,
      header: (name) => headers[name],
      remoteAddress: '127.0.0.1',
    };
  }

  get json(): unknown {
    return JSON.parse(this.body) as unknown;
  }

  abort(): void {
    this.isAborted = true;
    for (const listener of this.#abortListeners) listener();
  }

  onAborted(listener: () => void): void {
    this.#abortListeners.push(listener);
  }

  receiveBody(receiver: BodyReceiver): void {
    this.receiver = receiver;
  }

  pauseBody(): void {}

  resumeBody(): void {}

  respond(status: number, headers: HttpHeaders, body: Uint8Array | string = ''): void {
    this.#answer(status, headers);
    this.body = Buffer.from(body).toString();
  }

  respondStream(status: number, headers: HttpHeaders, source: ResponseSource): void {
    this.#answer(status, headers);
    this.source = source;
  }

  #answer(status: number, headers: HttpHeaders): void {
    if (this.isAnswered) throw new Error('an exchange has one answer');
    this.isAnswered = true;
    this.status = status;
    this.headers = new Map(headers);
  }
}

/** Lets promises that are ready take their turns. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
