import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

/** One accepted TCP connection. After it has closed every method is a no-op. */
export interface TcpConnection {
  readonly remoteAddress: string;
  /**
   * Queues `bytes`, which must not change afterwards; all writes of one turn of the event loop leave together. False says that
   * much is waiting to be sent: stop producing until `onDrain`.
   */
  write(bytes: Uint8Array): boolean;
  /** Asks for no more data until `resume`. While paused, a disconnection is not noticed. */
  pause(): void;
  resume(): void;
  /** Closes after what was written has been sent, or after `closeTimeoutMs`. */
  close(): void;
  /** Closes at once. */
  destroy(): void;
}

/** What the owner of a connection gets to know. */
export interface TcpReceiver {
  /** `chunk` is the receiver's to keep. */
  onData(chunk: Buffer): void;
  onDrain(): void;
  /** Called once, last, however the connection ended. */
  onClose(): void;
}

export interface TcpListenerOptions {
  readonly connectionsMax: number;
  readonly connectionsPerAddressMax: number;
  /** Called for each connection; data flows from the next turn of the event loop on. */
  readonly onConnection: (connection: TcpConnection) => TcpReceiver;
  /** Called when a connection was refused because of a limit. */
  readonly onRefused: (remoteAddress: string) => void;
}

/** Bytes buffered in each direction before the stream says that it is enough. */
const streamBufferBytes = 256 * 1024;

/** How long `close` waits for the peer to take what was written. */
const closeTimeoutMs = 5_000;

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

class SocketConnection implements TcpConnection {
  readonly remoteAddress: string;
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  #isCorked = false;
  #closeTimer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, remoteAddress: string) {
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.#closeTimer);
        resolve();
      });
    });
    // A reset is followed by `close`, which is all that matters here.
    socket.on('error', () => undefined);
  }

  attach(receiver: TcpReceiver): void {
    this.#socket.on('data', (chunk: Buffer) => {
      receiver.onData(chunk);
    });
    this.#socket.on('drain', () => {
      receiver.onDrain();
    });
    this.#socket.once('close', () => {
      receiver.onClose();
    });
  }

  write(bytes: Uint8Array): boolean {
    if (this.#socket.destroyed || this.#socket.writableEnded) return true;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#socket.cork();
      process.nextTick(this.#uncork);
    }
    return this.#socket.write(bytes);
  }

  readonly #uncork = (): void => {
    this.#isCorked = false;
    this.#socket.uncork();
  };

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    if (this.#socket.destroyed || this.#closeTimer !== undefined) return;
    this.#closeTimer = setTimeout(() => {
      this.#socket.destroy();
    }, closeTimeoutMs);
    this.#closeTimer.unref();
    this.#socket.destroySoon();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
