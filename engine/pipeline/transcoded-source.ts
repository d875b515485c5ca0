import type { RangeSource } from '#engine/dicom/data-set/range-source.js';
import type { TranscodedInstance } from '../engine-types.js';

/** Pixel data as a row of blocks that codecs make: in native pixel data of one size, in encapsulated a fragment each. */
export interface PixelBlocks {
  readonly count: number;
  /** Bytes of each block but the last; undefined when only the codec knows. */
  readonly blockBytes: number | undefined;
  /** Bytes of all blocks; undefined as above. */
  readonly length: number | undefined;
  make(index: number): Promise<Uint8Array>;
}

/** What an instance consists of, in order. */
export interface TranscodedParts {
  readonly fileMeta: Uint8Array;
  readonly head: RangeSource;
  readonly pixels: PixelBlocks;
  readonly tail: RangeSource;
}

/** Blocks that are made while another is being sent. */
const blocksAhead = 2;

/**
 * An instance whose pixel data is made while it is read. Where the blocks have one size, any position can be read at any time;
 * where they have not, positions follow each other. What is held is one block and those that are made ahead of it.
 */
export class TranscodedSource implements TranscodedInstance {
  readonly length: number | undefined;
  readonly dataSetOffset: number;
  readonly sopInstanceUid: string;
  readonly #parts: TranscodedParts;
  readonly #pixelsStart: number;
  readonly #blocks = new Map<number, Promise<Uint8Array>>();
  /** The block that is being read, and where in the pixel data it begins. */
  #index = 0;
  #blockStart = 0;
  /** Undefined until the last block has come. */
  #pixelsLength: number | undefined;

  constructor(parts: TranscodedParts, sopInstanceUid: string) {
    const { fileMeta, head, pixels, tail } = parts;
    this.#parts = parts;
    this.sopInstanceUid = sopInstanceUid;
    this.dataSetOffset = fileMeta.length;
    this.#pixelsStart = fileMeta.length + head.length;
    this.#pixelsLength = pixels.count === 0 ? 0 : pixels.length;
    this.length =
      this.#pixelsLength === undefined
        ? undefined
        : this.#pixelsStart + this.#pixelsLength + tail.length;
  }

  /** Makes the first block, so that what is wrong with it is known before the first byte is asked for. */
  async prepare(): Promise<void> {
    if (this.#parts.pixels.count > 0) await this.#blockAt(0);
  }

  /** Rejects with what made the block fail; read again from there, it is made anew. */
  async read(position: number, target: Uint8Array): Promise<number> {
    const { fileMeta, head, tail } = this.#parts;
    let filled = 0;
    while (filled < target.length) {
      const at = position + filled;
      const room = target.length - filled;
      let piece: Uint8Array;
      if (at < fileMeta.length) piece = fileMeta.subarray(at, at + room);
      else if (at < this.#pixelsStart) piece = await head.read(at - fileMeta.length, room);
      else piece = await this.#readBehindHead(at - this.#pixelsStart, room, tail);
      if (piece.length === 0) break;
      target.set(piece, filled);
      filled += piece.length;
    }
    return filled;
  }

  async #readBehindHead(
    position: number,
    lengthMax: number,
    tail: RangeSource,
  ): Promise<Uint8Array> {
    if (this.#pixelsLength === undefined || position < this.#pixelsLength) {
      const piece = await this.#readPixels(position, lengthMax);
      if (piece.length > 0) return piece;
    }
    const at = position - (this.#pixelsLength ?? position);
    return at < tail.length ? tail.read(at, lengthMax) : new Uint8Array(0);
  }

  /** Nothing at the end of the pixel data, whose length is then known. */
  async #readPixels(position: number, lengthMax: number): Promise<Uint8Array> {
    const { count, blockBytes } = this.#parts.pixels;
    if (blockBytes !== undefined) {
      this.#index = Math.floor(position / blockBytes);
      this.#blockStart = this.#index * blockBytes;
    }
    while (this.#index < count) {
      const block = await this.#blockAt(this.#index);
      const at = position - this.#blockStart;
      if (at < block.length) return block.subarray(at, at + lengthMax);
      this.#blockStart += block.length;
      this.#index++;
    }
    this.#pixelsLength = this.#blockStart;
    return new Uint8Array(0);
  }

  #blockAt(index: number): Promise<Uint8Array> {
    const { pixels } = this.#parts;
    const end = Math.min(index + blocksAhead + 1, pixels.count);
    for (const held of this.#blocks.keys()) {
      if (held < index || held >= end) this.#blocks.delete(held);
    }
    for (let wanted = index; wanted < end; wanted++) {
      if (this.#blocks.has(wanted)) continue;
      const block = pixels.make(wanted);
      this.#blocks.set(wanted, block);
      // Who reads it sees the failure, and may read again; when the reader has gone, nobody does.
      block.catch(() => {
        if (this.#blocks.get(wanted) === block) this.#blocks.delete(wanted);
      });
    }
    return this.#blocks.get(index)!;
  }
}
