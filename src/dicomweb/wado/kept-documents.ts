import { LruCache } from '#engine/base/lru-cache.js';
import { CompressedSource } from '#src/http/compressed-source.js';

/** A document of many instances, compressed as one. */
export interface KeptDocument {
  /** A whole gzip member. */
  readonly gzip: Uint8Array;
  /** Bytes of what it holds. */
  readonly textBytes: number;
}

/** What a document is made from. */
export interface DocumentSource {
  /** Pieces of its text, each read when it is asked for. */
  texts(): Iterator<Uint8Array>;
  /** Whether what it is read from is still what its key names. */
  isCurrent(): boolean;
}

/** Keys of documents that were asked for once. */
const askedOnceMax = 4096;
/** Text in front of an entry counts for its key and the objects around it. */
const entryOverheadBytes = 512;

/**
 * Documents that were asked for more than once, each compressed as one, those used last within `bytesMax`. Instances repeat each
 * other: together they take a twentieth of what they take one by one. A document is made beside the answers, one at a time, by a
 * thread of libuv; a key names a state of what it is made of, so that nothing kept is ever out of date, only of no use.
 */
export class KeptDocuments {
  readonly #documents: LruCache<string, KeptDocument>;
  readonly #entryBytesMax: number;
  readonly #askedOnce = new LruCache<string, true>(askedOnceMax);
  #isMaking = false;
  #isClosed = false;

  constructor(bytesMax: number) {
    this.#documents = new LruCache(bytesMax);
    this.#entryBytesMax = bytesMax / 4;
  }

  find(key: string): KeptDocument | undefined {
    return this.#documents.get(key);
  }

  /**
   * Told of a document that was not found. The second time it is made, unless another is being made: what nobody asks for again
   * is not worth it. Resolves when it is, or will not be.
   */
  async missed(key: string, source: DocumentSource): Promise<void> {
    const isWorthIt = this.#askedOnce.get(key) === true;
    if (!isWorthIt) this.#askedOnce.set(key, true);
    if (!isWorthIt || this.#isMaking || this.#isClosed || this.#entryBytesMax === 0) return;
    this.#isMaking = true;
    try {
      const document = await this.#make(source);
      if (document === undefined || this.#isClosed || !source.isCurrent()) return;
      this.#documents.set(key, document, document.gzip.length + entryOverheadBytes);
    } catch {
      // Who asks for the document meets the same error, and is told.
    } finally {
      this.#isMaking = false;
    }
  }

  /** Nothing is read after it. */
  close(): void {
    this.#isClosed = true;
  }

  /** Undefined for one that is too large, and when there is no time left. */
  async #make(source: DocumentSource): Promise<KeptDocument | undefined> {
    const texts = source.texts();
    let textBytes = 0;
    const read = (): Uint8Array | null => {
      const next = this.#isClosed ? undefined : texts.next();
      if (next === undefined || next.done === true) return null;
      textBytes += next.value.length;
      return next.value;
    };
    const compressed = new CompressedSource(
      { read, close: () => void texts.return?.() },
      'gzip',
      () => undefined,
    );
    const pieces: Uint8Array[] = [];
    let bytes = 0;
    try {
      for (let piece = await compressed.read(); piece !== null; piece = await compressed.read()) {
        bytes += piece.length;
        if (bytes > this.#entryBytesMax) return undefined;
        pieces.push(piece);
      }
    } finally {
      compressed.close();
    }
    return { gzip: Buffer.concat(pieces), textBytes };
  }
}
