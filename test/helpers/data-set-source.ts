import type { DataSetSource } from '#src/dimse/scu/operation-invoker.js';

/** A source over bytes that gives at most `stepBytes` at a time, and fails when it comes to `failAt`. */
export class MemoryDataSetSource implements DataSetSource {
  readonly length: number;
  readCount = 0;
  readonly #bytes: Uint8Array;
  readonly #stepBytes: number;
  readonly #failAt: number;

  constructor(bytes: Uint8Array, stepBytes = Number.POSITIVE_INFINITY, failAt = -1) {
    this.#bytes = bytes;
    this.length = bytes.length;
    this.#stepBytes = stepBytes;
    this.#failAt = failAt;
  }

  read(position: number, lengthMax: number): Promise<Uint8Array> {
    this.readCount++;
    if (this.#failAt >= 0 && position + lengthMax > this.#failAt) {
      return Promise.reject(new Error('source failed'));
    }
    return Promise.resolve(
      this.#bytes.slice(position, position + Math.min(lengthMax, this.#stepBytes)),
    );
  }
}

/** The same bytes, of which only their end tells how many they are. */
export function withoutLength(source: DataSetSource): DataSetSource {
  return {
    length: undefined,
    read: (position, lengthMax) => source.read(position, lengthMax),
  };
}
