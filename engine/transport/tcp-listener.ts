import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { rewireReads, SocketReads } from './read-buffer.js';
import { SocketConnection, streamBufferBytes } from './socket-connection.js';
import type { TcpConnection, TcpReceiver } from './tcp-connection.js';
import { tlsProfile } from './tls-profile.js';

/** Keys of a TLS server, PEM. */
export interface TlsServerOptions {
  readonly key: Buffer;
  readonly cert: Buffer;
  /** Authorities that certificates of clients must come from. */
  readonly ca?: Buffer;
  /** Refuse clients without a certificate of `ca`. */
  readonly isMutual: boolean;
  /** For the handshake. */
  readonly timeoutMs: number;
}

export interface TcpListenerOptions {
  /** Without it connections are plain. */
  readonly tls?: TlsServerOptions;
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Called for each connection; data flows from the next turn of the event loop on. */
  readonly onConnection: (connection: TcpConnection) => TcpReceiver;
  /** Called when a connection was refused because of a limit. */
  readonly onRefused: (remoteAddress: string) => void;
  /** Called when a client did not come through the TLS handshake; `reason` is the library's code or sentence. */
  readonly onTlsFailure?: (remoteAddress: string, reason: string) => void;
}

/** Listens for TCP connections and keeps their number within limits, in total and per remote address. */
export class TcpListener {
  readonly #options: TcpListenerOptions;
  readonly #server: Server;
  /** Every socket accepted, those in the TLS handshake too. */
  readonly #sockets = new Set<Socket>();
  readonly #connections = new Set<SocketConnection>();
  readonly #countByAddress = new Map<string, number>();

  constructor(options: TcpListenerOptions) {
    this.#options = options;
    // Without TCP_NODELAY each small response waits for the peer's delayed acknowledgement, some 40 ms.
    const stream = { noDelay: true, highWaterMark: streamBufferBytes };
    const { tls } = options;
    if (tls === undefined) {
      this.#server = createServer({ ...stream, pauseOnConnect: true }, (accepted) => {
        const reads = new SocketReads();
        const rewired = rewireReads(accepted, reads, streamBufferBytes);
        const socket = rewired ?? accepted;
        if (!this.#admit(socket)) return;
        this.#connect(socket, rewired === undefined ? undefined : reads);
        socket.resume();
      });
      return;
    }
    this.#server = createTlsServer({
      ...stream,
      ...tlsProfile,
      key: tls.key,
      cert: tls.cert,
      ...(tls.ca !== undefined && { ca: tls.ca }),
      requestCert: tls.isMutual,
      rejectUnauthorized: tls.isMutual,
      honorCipherOrder: true,
      handshakeTimeout: tls.timeoutMs,
    });
    this.#server.on('connection', (socket: Socket) => this.#admit(socket));
    this.#server.on('secureConnection', (socket: Socket) => this.#connect(socket));
    this.#server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      options.onTlsFailure?.(socket.remoteAddress ?? '', error.code ?? error.message);
      socket.destroy();
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
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...this.#connections].map((connection) => connection.closed));
  }

  /** Counts a new socket against the limits, or refuses it. */
  #admit(socket: Socket): boolean {
    socket.on('error', () => undefined);
    const remoteAddress = socket.remoteAddress ?? '';
    const addressCount = this.#countByAddress.get(remoteAddress) ?? 0;
    const isRefused =
      this.#sockets.size >= this.#options.connectionsMax ||
      addressCount >= this.#options.connectionsPerAddressMax;
    if (isRefused) {
      socket.destroy();
      this.#options.onRefused(remoteAddress);
      return false;
    }
    this.#sockets.add(socket);
    this.#countByAddress.set(remoteAddress, addressCount + 1);
    socket.once('close', () => {
      this.#release(socket, remoteAddress);
    });
    return true;
  }

  #connect(socket: Socket, reads?: SocketReads): void {
    const connection = new SocketConnection(socket, reads);
    this.#connections.add(connection);
    void connection.closed.then(() => this.#connections.delete(connection));
    connection.attach(this.#options.onConnection(connection));
  }

  #release(socket: Socket, remoteAddress: string): void {
    this.#sockets.delete(socket);
    const count = (this.#countByAddress.get(remoteAddress) ?? 1) - 1;
    if (count === 0) this.#countByAddress.delete(remoteAddress);
    else this.#countByAddress.set(remoteAddress, count);
  }
}
