import { LruCache } from '#engine/base/lru-cache.js';

/** Bytes that are costly to make: those asked for last stay in memory, and who asks for what is being made waits for it. */
export class CachedResults {
  readonly #bytesMax: number;
  readonly #results: LruCache<string, Uint8Array>;
  readonly #underWay = new Map<string, Promise<Uint8Array>>();
  #madeCount = 0;
  #cachedCount = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
    this.#results = new LruCache(bytesMax);
  }

  /** Results that were made. */
  get madeCount(): number {
    return this.#madeCount;
  }

  /** Results that were there. */
  get cachedCount(): number {
    return this.#cachedCount;
  }

  /** The result for `key`, which names its content: equal keys mean equal bytes. Rejects as `make`; a failure is not kept. */
  get(key: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const cached = this.#results.get(key);
    if (cached !== undefined) {
      this.#cachedCount++;
      return Promise.resolve(cached);
    }
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return underWay;
    const result = this.#make(key, make).finally(() => this.#underWay.delete(key));
    this.#underWay.set(key, result);
    return result;
  }

  async #make(key: string, make: () => Promise<Uint8Array>): Promise<Uint8Array> {
    const bytes = await make();
    this.#madeCount++;
    if (bytes.length <= this.#bytesMax) this.#results.set(key, bytes, bytes.length);
    return bytes;
  }
}
