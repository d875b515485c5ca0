import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { limitReceiveBuffers } from '#native-bindings/libc/receive-buffer.js';
import { loadUws } from '#native-bindings/uwebsockets/load-uws.js';
import type { UwsApp, UwsListenSocket, UwsModule } from '#native-bindings/uwebsockets/uws-types.js';
import { ExchangeRegistry } from './exchange-registry.js';
import type { HttpTransport, HttpTransportOptions } from './http-transport.js';
import { UwsExchange } from './uws-exchange.js';

/**
 * The transport for service. Limits of the library: HTTP/1.1 only (1.0 gets 505), and a client that pipelines requests without
 * waiting for an answer that we give later has its connection closed. Rejects when the library has no binary here.
 */
export async function createUwsHttpTransport(
  options: HttpTransportOptions,
): Promise<HttpTransport> {
  return new UwsHttpTransport(await loadUws(limits.requestHeadBytesMax), options);
}

class UwsHttpTransport implements HttpTransport {
  readonly #uws: UwsModule;
  readonly #app: UwsApp;
  readonly #exchanges: ExchangeRegistry;
  readonly #receiveBufferBytes: number;
  #listenSocket: UwsListenSocket | undefined;

  constructor(uws: UwsModule, options: HttpTransportOptions) {
    this.#uws = uws;
    this.#exchanges = new ExchangeRegistry(options.slowClients);
    this.#receiveBufferBytes = options.receiveBufferBytes ?? 0;
    this.#app =
      options.tls === undefined
        ? uws.App()
        : uws.SSLApp({
            key_file_name: options.tls.keyFile,
            cert_file_name: options.tls.certFile,
          });
    this.#app.any('/*', (response, request) => {
      const exchange = new UwsExchange(response, request, this.#exchanges);
      this.#exchanges.add(exchange);
      options.handler(exchange);
    });
  }

  async listen(host: string, port: number): Promise<number> {
    const usedPort = await this.#bind(host, port);
    if (this.#receiveBufferBytes > 0) {
      await limitReceiveBuffers(usedPort, this.#receiveBufferBytes);
    }
    return usedPort;
  }

  #bind(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#app.listen(host, port, this.#uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
        if (socket === false) {
          const detail = `cannot listen on ${host}:${port}; is the address taken?`;
          reject(new GantryError('store-unavailable', detail));
          return;
        }
        this.#listenSocket = socket;
        resolve(this.#uws.us_socket_local_port(socket));
      });
    });
  }

  stopListening(): void {
    this.#exchanges.startDraining();
    if (this.#listenSocket === undefined) return;
    this.#uws.us_listen_socket_close(this.#listenSocket);
    this.#listenSocket = undefined;
  }

  async close(graceMs: number): Promise<void> {
    this.stopListening();
    await this.#exchanges.drain(graceMs);
    this.#app.close();
  }
}
