/** Bytes, and pieces, that one response may send while the event loop waits. */
const turnBytesMax = 8 * 1024 * 1024;
const turnPiecesMax = 64;

/**
 * How much of a turn of the event loop a response has used. A source that always has bytes and a socket that always has room
 * would otherwise keep every other exchange waiting, since neither promises nor ticks let the loop go on.
 */
export class TurnShare {
  #bytes = 0;
  #pieces = 0;

  use(bytes: number): void {
    this.#bytes += bytes;
    this.#pieces++;
  }

  get isUsedUp(): boolean {
    return this.#bytes >= turnBytesMax || this.#pieces >= turnPiecesMax;
  }

  renew(): void {
    this.#bytes = 0;
    this.#pieces = 0;
  }
}
