import { request as httpRequest, type Agent, type IncomingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface ClientResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  /** False when the connection broke before the announced end. */
  readonly isComplete: boolean;
}

export interface ClientRequest {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  readonly body?: Uint8Array | string;
  readonly agent?: Agent;
}

/** One request to a loopback server; rejects when the connection breaks before the response head. */
export function send(
  port: number,
  path: string,
  options: ClientRequest = {},
): Promise<ClientResponse> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        path,
        method: options.method ?? 'GET',
        headers: options.headers ?? {},
        agent: options.agent ?? false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', () => undefined);
        response.on('close', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks),
            isComplete: response.complete,
          }),
        );
      },
    );
    request.on('error', reject);
    request.end(options.body);
  });
}

/** A bare socket to a loopback server, for clients that behave badly. */
export class RawClient {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  #isClosed = false;
  #wake: (() => void) | undefined;

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#wake?.();
    });
    this.socket.on('error', () => undefined);
    this.socket.on('close', () => {
      this.#isClosed = true;
      this.#wake?.();
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  get received(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  write(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.socket.write(data, () => resolve()));
  }

  /** Waits until the text received satisfies `condition`, or the connection is closed. */
  async waitFor(condition: (received: string) => boolean): Promise<string> {
    while (!condition(this.received) && !this.#isClosed) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return this.received;
  }

  async waitForClose(): Promise<string> {
    return this.waitFor(() => false);
  }

  destroy(): void {
    this.socket.destroy();
  }
}
