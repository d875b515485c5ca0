import { pipeline, Readable } from 'node:stream';
import { createInflateRaw } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { RangeSource } from '#engine/dicom/data-set/range-source.js';
import type { BlobSource } from '../engine-types.js';

const readBytes = 256 * 1024;

/**
 * A deflated data set (PS3.5 §A.5), inflated while it is read. Reading on from where the last read ended costs nothing more;
 * going back starts from the beginning.
 */
export class InflatedSource implements RangeSource {
  readonly length = Infinity;
  readonly #deflated: BlobSource;
  #pieces: AsyncIterator<Uint8Array> | undefined;
  /** The piece that was inflated last, and where it begins. */
  #piece = new Uint8Array(0);
  #position = 0;

  constructor(deflated: BlobSource) {
    this.#deflated = deflated;
  }

  /** Rejects with `corrupt` when the bytes cannot be inflated. */
  async read(position: number, lengthMax: number): Promise<Uint8Array> {
    if (this.#pieces === undefined || position < this.#position) await this.#restart();
    while (this.#position + this.#piece.length <= position) {
      if (!(await this.#next())) return new Uint8Array(0);
    }
    const at = position - this.#position;
    return this.#piece.subarray(at, at + lengthMax);
  }

  async #restart(): Promise<void> {
    await this.#pieces?.return?.();
    const inflate = createInflateRaw();
    // An error comes out of the iterator.
    pipeline(Readable.from(piecesOf(this.#deflated)), inflate, () => undefined);
    this.#pieces = inflate[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
    this.#piece = new Uint8Array(0);
    this.#position = 0;
  }

  async #next(): Promise<boolean> {
    this.#position += this.#piece.length;
    this.#piece = new Uint8Array(0);
    if (this.#position > limits.inflatedBytesMax) throw new GantryError('limit-exceeded');
    try {
      const next = await this.#pieces!.next();
      if (next.done !== true) this.#piece = new Uint8Array(next.value);
      return next.done !== true;
    } catch (cause) {
      throw new GantryError('corrupt', 'the deflated data set cannot be inflated', { cause });
    }
  }
}

/** The stream keeps what it is given until it has inflated it, so every piece is a buffer of its own. */
async function* piecesOf(source: BlobSource): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < source.length;) {
    const piece = Buffer.allocUnsafeSlow(Math.min(readBytes, source.length - position));
    position += await source.read(position, piece);
    yield piece;
  }
}
