import { createHash } from 'node:crypto';
import type {
  HttpExchange,
  HttpHandler,
  HttpTransport,
  HttpTransportOptions,
  ResponseSource,
} from '#engine/transport/http-transport.js';
import { send } from '#test/helpers/http-client.js';

export type TransportFactory = (
  options: HttpTransportOptions,
) => HttpTransport | Promise<HttpTransport>;

/** Opens the transports of one suite, and closes those that a test leaves open. */
export class TransportBed {
  readonly #create: TransportFactory;
  readonly #open: HttpTransport[] = [];

  constructor(create: TransportFactory) {
    this.#create = create;
  }

  async create(options: HttpTransportOptions): Promise<HttpTransport> {
    return this.#create(options);
  }

  /** Listens on a port, of loopback unless another host is named, until the test has ended. */
  async serve(
    handler: HttpHandler,
    options: Omit<HttpTransportOptions, 'handler'> = {},
    host = '127.0.0.1',
  ): Promise<number> {
    const transport = await this.create({ handler, ...options });
    this.#open.push(transport);
    return transport.listen(host, 0);
  }

  async closeAll(): Promise<void> {
    for (const transport of this.#open.splice(0)) await transport.close(0);
  }
}

/** Answers with the digest of the request body. */
export function echoDigest(exchange: HttpExchange): void {
  const hash = createHash('sha256');
  exchange.receiveBody({
    onChunk: (chunk) => hash.update(chunk),
    onEnd: () => exchange.respond(200, [], hash.digest('hex')),
  });
}

export async function post(port: number, body: Uint8Array, isSized: boolean): Promise<string> {
  const headers = isSized
    ? { 'content-length': String(body.length) }
    : { 'transfer-encoding': 'chunked' };
  return (await send(port, '/', { method: 'POST', headers, body })).body.toString();
}

export function pieces(list: readonly Uint8Array[]): ResponseSource {
  let next = 0;
  return { read: () => list[next++] ?? null, close: () => undefined };
}

export function repeat(
  text: string,
  times: number,
  onClose: () => void = () => undefined,
): ResponseSource {
  let given = 0;
  const piece = Buffer.from(text);
  return { read: () => (given++ < times ? piece : null), close: onClose };
}

export function patternBytes(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i ^ (i >>> 8) ^ (i >>> 16)) & 0xff;
  return bytes;
}

export function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
