/** One TCP connection, plain or TLS. After it has closed every method is a no-op. */
export interface TcpConnection {
  readonly remoteAddress: string;
  readonly isTls: boolean;
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
  /** `chunk` is valid until the call returns. */
  onData(chunk: Buffer): void;
  onDrain(): void;
  /** Called once, last, however the connection ended. */
  onClose(): void;
}
