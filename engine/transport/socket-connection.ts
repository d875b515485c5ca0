import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { SocketReads } from './read-buffer.js';
import type { TcpConnection, TcpReceiver } from './tcp-connection.js';

/** Bytes buffered in each direction before the stream says that it is enough. */
export const streamBufferBytes = 256 * 1024;

/** How long `close` waits for the peer to take what was written. */
const closeTimeoutMs = 5_000;

/** A `TcpConnection` over a socket of Node. */
export class SocketConnection implements TcpConnection {
  readonly remoteAddress: string;
  readonly isTls: boolean;
  /** Resolves when the connection has closed, however it ended. */
  readonly closed: Promise<void>;
  readonly #socket: Socket;
  readonly #reads: SocketReads | undefined;
  #isCorked = false;
  #closeTimer: NodeJS.Timeout | undefined;

  /** `reads` is where the bytes of the socket arrive; without it they come as events of the stream. */
  constructor(socket: Socket, reads?: SocketReads) {
    this.#socket = socket;
    this.#reads = reads;
    this.remoteAddress = socket.remoteAddress ?? '';
    this.isTls = socket instanceof TLSSocket;
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        clearTimeout(this.#closeTimer);
        resolve();
      });
    });
    // A reset is followed by `close`, which is all that matters here.
    socket.on('error', () => undefined);
  }

  /** Lets data flow to `receiver`; to be called in the turn of the event loop that made the connection. */
  attach(receiver: TcpReceiver): void {
    const onData = (chunk: Buffer): void => {
      receiver.onData(chunk);
    };
    if (this.#reads === undefined) this.#socket.on('data', onData);
    else this.#reads.onData = onData;
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
