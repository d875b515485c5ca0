import { readFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { limits } from '#engine/base/limits.js';
import { ExchangeRegistry } from './exchange-registry.js';
import type { HttpTransport, HttpTransportOptions } from './http-transport.js';
import { NodeExchange } from './node-exchange.js';

/** An idle connection is kept as long as uWebSockets.js keeps one. */
const keepAliveTimeoutMs = 10_000;
const requestHeadTimeoutMs = 30_000;

/** The transport on node:http: slower (a third for frames), but it needs no binary and speaks HTTP/1.0. */
export function createNodeHttpTransport(options: HttpTransportOptions): HttpTransport {
  return new NodeHttpTransport(options);
}

class NodeHttpTransport implements HttpTransport {
  readonly #server: Server;
  readonly #exchanges: ExchangeRegistry;

  constructor(options: HttpTransportOptions) {
    this.#exchanges = new ExchangeRegistry(options.slowClients);
    const settings = {
      maxHeaderSize: limits.requestHeadBytesMax,
      headersTimeout: requestHeadTimeoutMs,
      keepAliveTimeout: keepAliveTimeoutMs,
      // A body may take hours; the slow-client policy judges it.
      requestTimeout: 0,
    };
    this.#server =
      options.tls === undefined
        ? createHttpServer(settings)
        : createHttpsServer({
            ...settings,
            key: readFileSync(options.tls.keyFile),
            cert: readFileSync(options.tls.certFile),
          });
    this.#server.on('request', (incoming, response) => {
      const exchange = new NodeExchange(incoming, response, this.#exchanges);
      this.#exchanges.add(exchange);
      options.handler(exchange);
    });
  }

  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve((this.#server.address() as AddressInfo).port);
      });
    });
  }

  stopListening(): void {
    this.#exchanges.startDraining();
    if (this.#server.listening) this.#server.close();
  }

  async close(graceMs: number): Promise<void> {
    this.stopListening();
    await this.#exchanges.drain(graceMs);
    this.#server.closeAllConnections();
  }
}
