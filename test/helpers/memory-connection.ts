import type { TcpConnection, TcpReceiver } from '#engine/transport/tcp-connection.js';

/** Gives the lengths to cut a stream into, over and over. */
export type SplitLengths = readonly number[];

/** One end of a connection in memory; what is written arrives at the other end in pieces, in later turns of the event loop. */
export class MemoryConnection implements TcpConnection {
  readonly remoteAddress = '127.0.0.1';
  readonly isTls = false;
  readonly #splits: SplitLengths;
  #splitIndex = 0;
  #peer: MemoryConnection | undefined;
  #receiver: TcpReceiver | undefined;
  #incoming = Buffer.alloc(0);
  #isPaused = false;
  #isClosed = false;
  #isPeerClosing = false;
  #isScheduled = false;
  #isPeerWaiting = false;

  /** Both ends, not attached yet. */
  static createPair(splits: SplitLengths): readonly [MemoryConnection, MemoryConnection] {
    const pair = [new MemoryConnection(splits), new MemoryConnection(splits)] as const;
    pair[0].#peer = pair[1];
    pair[1].#peer = pair[0];
    return pair;
  }

  constructor(splits: SplitLengths) {
    this.#splits = splits;
  }

  attach(receiver: TcpReceiver): void {
    this.#receiver = receiver;
    this.#schedule();
  }

  write(bytes: Uint8Array): boolean {
    const peer = this.#peer;
    if (this.#isClosed || peer === undefined || peer.#isClosed) return true;
    peer.#incoming = Buffer.concat([peer.#incoming, bytes]);
    peer.#isPeerWaiting = true;
    peer.#schedule();
    return false;
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  close(): void {
    if (this.#isClosed) return;
    if (this.#peer !== undefined) {
      this.#peer.#isPeerClosing = true;
      this.#peer.#schedule();
    }
    this.#finish();
  }

  destroy(): void {
    this.close();
  }

  /** The other end has taken everything. */
  onDrained(): void {
    this.#receiver?.onDrain();
  }

  #finish(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    setImmediate(() => this.#receiver?.onClose());
  }

  #schedule(): void {
    if (this.#isScheduled || this.#receiver === undefined) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    if (this.#isClosed || this.#isPaused) return;
    if (this.#incoming.length > 0) {
      const length = this.#splits[this.#splitIndex++ % this.#splits.length] ?? 1;
      const chunk = this.#incoming.subarray(0, length);
      this.#incoming = this.#incoming.subarray(length);
      this.#receiver?.onData(chunk);
      // Whoever keeps it reads something else from here on, as on a real connection.
      chunk.fill(0xee);
      this.#schedule();
    } else if (this.#isPeerClosing) {
      this.close();
    } else if (this.#isPeerWaiting) {
      this.#isPeerWaiting = false;
      this.#peer?.onDrained();
    }
  }
}
