/** The received bytes of an instance, wherever they are. */
export interface ByteSource {
  readonly length: number;
  /** Bytes from `position` (less than `length`) on: at least one, as many as are at hand. Valid until the next call. */
  chunkAt(position: number): Uint8Array;
}

/** Bytes that lie in memory in several pieces, one after another. The pieces are used as they are. */
export class MemoryByteSource implements ByteSource {
  readonly length: number;
  readonly #pieces: readonly Uint8Array[];
  /** The piece of the last call and its position: reading goes forward. */
  #index = 0;
  #start = 0;

  constructor(pieces: readonly Uint8Array[]) {
    this.#pieces = pieces.filter((piece) => piece.length > 0);
    this.length = this.#pieces.reduce((sum, piece) => sum + piece.length, 0);
  }

  chunkAt(position: number): Uint8Array {
    if (position < this.#start) this.#index = this.#start = 0;
    for (;;) {
      const piece = this.#pieces[this.#index];
      if (piece === undefined) throw new RangeError(`position ${position} is beyond the end`);
      const offset = position - this.#start;
      if (offset < piece.length) return offset === 0 ? piece : piece.subarray(offset);
      this.#start += piece.length;
      this.#index++;
    }
  }
}
