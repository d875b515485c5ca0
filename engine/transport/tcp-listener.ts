import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { SocketConnection, streamBufferBytes } from './socket-connection.js';
import type { TcpConnection, TcpReceiver } from './tcp-connection.js';

export interface TcpListenerOptions {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Called for each connection; data flows from the next turn of the event loop on. */
  readonly onConnection: (connection: TcpConnection) => TcpReceiver;
  /** Called when a connection was refused because of a limit. */
  readonly onRefused: (remoteAddress: string) => void;
}

/** Listens for TCP connections and keeps their number within limits, in total and per remote address. */
export class TcpListener {
  readonly #options: TcpListenerOptions;
  readonly #server: Server;
  readonly #connections = new Set<SocketConnection>();
  readonly #countByAddress = new Map<string, number>();

  constructor(options: TcpListenerOptions) {
    this.#options = options;
    // Without TCP_NODELAY each small response waits for the peer's delayed acknowledgement, some 40 ms.
    this.#server = createServer({ noDelay: true, highWaterMark: streamBufferBytes }, (socket) => {
      this.#accept(socket);
    });
  }

  /** Binds and listens; resolves with the port in use. Rejects when the address is taken. */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.removeListener('error', reject);
        // A failed accept (out of file descriptors, say) concerns that one connection only.
        this.#server.on('error', () => undefined);
        const address = this.#server.address();
        resolve(address !== null && typeof address === 'object' ? address.port : port);
      });
    });
  }

  /** Stops accepting; open connections go on. */
  stopListening(): void {
    this.#server.close();
  }

  /** Closes every connection at once; resolves when all have closed. */
  async destroyAll(): Promise<void> {
    this.stopListening();
    await Promise.all(
      [...this.#connections].map((connection) => {
        connection.destroy();
        return connection.closed;
      }),
    );
  }

  #accept(socket: Socket): void {
    const remoteAddress = socket.remoteAddress ?? '';
    const addressCount = this.#countByAddress.get(remoteAddress) ?? 0;
    const isRefused =
      this.#connections.size >= this.#options.connectionsMax ||
      addressCount >= this.#options.connectionsPerAddressMax;
    if (isRefused) {
      socket.on('error', () => undefined);
      socket.destroy();
      this.#options.onRefused(remoteAddress);
      return;
    }
    this.#countByAddress.set(remoteAddress, addressCount + 1);
    const connection = new SocketConnection(socket, remoteAddress);
    this.#connections.add(connection);
    void connection.closed.then(() => {
      this.#release(connection);
    });
    connection.attach(this.#options.onConnection(connection));
  }

  #release(connection: SocketConnection): void {
    this.#connections.delete(connection);
    const { remoteAddress } = connection;
    const count = (this.#countByAddress.get(remoteAddress) ?? 1) - 1;
    if (count === 0) this.#countByAddress.delete(remoteAddress);
    else this.#countByAddress.set(remoteAddress, count);
  }
}
