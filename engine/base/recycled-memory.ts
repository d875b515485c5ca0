/** Less is not worth keeping, and may be a part of a pool of Node.js. */
const bufferBytesMin = 64 * 1024;

/** What is kept may be larger than what is asked for, but not by much: it counts where it lies. */
const spareShare = 1 / 4;

/**
 * Memory that is used again when nobody reads it any more. On a fresh buffer of half a megabyte page faults and the garbage
 * collections that V8 does for it cost more than decoding RLE into it. Buffers are found by size and hold what was last in them: who
 * takes one writes all of what it shows to others.
 */
export class RecycledMemory {
  readonly #keptBytesMax: number;
  readonly #free: ArrayBuffer[] = [];
  #keptBytes = 0;

  /** @param keptBytesMax - bytes that may lie unused */
  constructor(keptBytesMax: number) {
    this.#keptBytesMax = keptBytesMax;
  }

  /** Bytes that lie unused. */
  get keptBytes(): number {
    return this.#keptBytes;
  }

  /** At least `length` bytes of any content. */
  take(length: number): ArrayBuffer {
    const most = length * (1 + spareShare);
    // What was used last is most likely still in the caches of the processor.
    for (let n = this.#free.length - 1; n >= 0; n--) {
      const { byteLength } = this.#free[n]!;
      if (byteLength < length || byteLength > most) continue;
      this.#keptBytes -= byteLength;
      return this.#free.splice(n, 1)[0]!;
    }
    return new ArrayBuffer(length);
  }

  /** `buffer` is read by nobody any more, and nobody holds it. What was kept longest makes room. */
  giveBack(buffer: ArrayBufferLike): void {
    const { byteLength } = buffer;
    if (!(buffer instanceof ArrayBuffer) || byteLength < bufferBytesMin) return;
    if (byteLength > this.#keptBytesMax) return;
    this.#free.push(buffer);
    this.#keptBytes += byteLength;
    while (this.#keptBytes > this.#keptBytesMax) this.#keptBytes -= this.#free.shift()!.byteLength;
  }
}
