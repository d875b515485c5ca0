import { LruCache } from '#engine/base/lru-cache.js';
import type { RecycledMemory } from '#engine/base/recycled-memory.js';

/** A frame that is lent: its bytes stay as they are until it is given back. */
export interface LentFrame {
  readonly bytes: Uint8Array;
  /** Who had the bytes reads them no more. */
  giveBack(): void;
}

/** A frame, and why its memory cannot be used for another yet. */
interface HeldFrame {
  readonly bytes: Uint8Array;
  readers: number;
  isCached: boolean;
  /** Someone keeps it who will not say when he is done: its memory is left to the garbage collector. */
  isGivenAway: boolean;
}

interface MakingFrame {
  readonly frame: Promise<HeldFrame>;
  /** Those who wait count as readers from the moment it is there. */
  readers: number;
}

/**
 * Frames that codecs made: those asked for last stay in memory, and who asks for one that is being made waits for it. The memory of
 * a frame that has left the cache goes to the next one as soon as its last reader is done, and not before.
 */
export class FrameCache {
  readonly #bytesMax: number;
  readonly #memory: RecycledMemory;
  readonly #frames: LruCache<string, HeldFrame>;
  readonly #making = new Map<string, MakingFrame>();
  #cachedCount = 0;

  constructor(bytesMax: number, memory: RecycledMemory) {
    this.#bytesMax = bytesMax;
    this.#memory = memory;
    this.#frames = new LruCache(bytesMax, (held) => {
      held.isCached = false;
      this.#recycle(held);
    });
  }

  /** Frames that were there when they were asked for. */
  get cachedCount(): number {
    return this.#cachedCount;
  }

  /**
   * Lends the frame of `key`, which names its content. `make` brings bytes that fill memory of their own, or its beginning.
   * Rejects as `make`; a failure is not kept.
   */
  async lend(key: string, make: () => Promise<Uint8Array>): Promise<LentFrame> {
    const held = await this.#hold(key, make);
    let isLent = true;
    const giveBack = (): void => {
      if (isLent) this.#release(held);
      isLent = false;
    };
    return { bytes: held.bytes, giveBack };
  }

  /** As `lend`, for those who keep the bytes as long as they like. */
  async give(key: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const held = await this.#hold(key, make);
    held.isGivenAway = true;
    this.#release(held);
    return held.bytes;
  }

  #hold(key: string, make: () => Promise<Uint8Array>): HeldFrame | Promise<HeldFrame> {
    const cached = this.#frames.get(key);
    if (cached !== undefined) {
      this.#cachedCount++;
      cached.readers++;
      return cached;
    }
    const making = this.#making.get(key);
    if (making !== undefined) {
      making.readers++;
      return making.frame;
    }
    const frame = this.#make(key, make);
    this.#making.set(key, { frame, readers: 1 });
    return frame;
  }

  async #make(key: string, make: () => Promise<Uint8Array>): Promise<HeldFrame> {
    try {
      const bytes = await make();
      const bytesHeld = bytes.buffer.byteLength;
      const isCached = bytesHeld <= this.#bytesMax;
      const { readers } = this.#making.get(key)!;
      const held = { bytes, readers, isCached, isGivenAway: false };
      if (isCached) this.#frames.set(key, held, bytesHeld);
      return held;
    } finally {
      this.#making.delete(key);
    }
  }

  #release(held: HeldFrame): void {
    held.readers--;
    this.#recycle(held);
  }

  #recycle({ bytes, readers, isCached, isGivenAway }: HeldFrame): void {
    if (readers === 0 && !isCached && !isGivenAway) this.#memory.giveBack(bytes.buffer);
  }
}
