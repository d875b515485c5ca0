import { assert } from '#engine/base/assert.js';
import { copyShared } from '#engine/base/copy-shared.js';
import type { Extent } from './task-messages.js';

/** Blocks are what sessions take and give back; no extent crosses a block border. */
export const arenaBlockBytes = 512 * 1024;

/** A byte run in the arena that its owner still extends. */
interface GrowingExtent {
  offset: number;
  length: number;
}

/**
 * The one stretch of memory that received bytes are copied into; workers and the store thread read it in place. Only the main
 * thread takes and releases blocks, so plain counters do. Blocks are reused last-in first-out to touch as few pages as possible.
 */
export class Arena {
  readonly buffer: SharedArrayBuffer;
  readonly blockCount: number;
  readonly #bytes: Buffer;
  readonly #freeBlocks: number[] = [];
  readonly #references: Uint32Array;

  constructor(bytesTotal: number) {
    this.blockCount = Math.floor(bytesTotal / arenaBlockBytes);
    assert(this.blockCount > 0, 'the arena holds at least one block');
    this.buffer = new SharedArrayBuffer(this.blockCount * arenaBlockBytes);
    this.#bytes = Buffer.from(this.buffer);
    this.#references = new Uint32Array(this.blockCount);
    for (let block = this.blockCount - 1; block >= 0; block--) this.#freeBlocks.push(block);
  }

  get freeBlockCount(): number {
    return this.#freeBlocks.length;
  }

  /** A block with one reference, or -1 when all are taken. */
  takeBlock(): number {
    const block = this.#freeBlocks.pop();
    if (block === undefined) return -1;
    this.#references[block] = 1;
    return block;
  }

  retain(block: number): void {
    this.#references[block]! += 1;
  }

  /** Gives one reference back; true when that freed the block. */
  release(block: number): boolean {
    const references = this.#references[block]!;
    assert(references > 0, 'a block is released as often as it was retained');
    this.#references[block] = references - 1;
    if (references > 1) return false;
    this.#freeBlocks.push(block);
    return true;
  }

  /** Copies `source[start, end)` to `target` (an offset into the arena). */
  copyIn(source: Uint8Array, start: number, end: number, target: number): void {
    copyShared(this.#bytes, target, source.subarray(start, end));
  }
}

export function blockOf(extent: Extent): number {
  return Math.floor(extent.offset / arenaBlockBytes);
}

/**
 * Where one session writes: fills block after block and notes which extents belong to the instance in progress. Each instance
 * holds one reference to every block it has bytes in; the writer holds one to the block it is filling.
 */
export class ArenaWriter {
  readonly #arena: Arena;
  #block = -1;
  #used = 0;
  #blocksHeld = 0;
  readonly #onBlockFreed: () => void;

  constructor(arena: Arena, onBlockFreed: () => void) {
    this.#arena = arena;
    this.#onBlockFreed = onBlockFreed;
  }

  /** Blocks that cannot be reused yet because of this session. */
  get blocksHeld(): number {
    return this.#blocksHeld;
  }

  /** Appends `chunk` to `extents`; false when the arena has no block left, and then nothing more may be appended to them. */
  append(chunk: Uint8Array, extents: GrowingExtent[]): boolean {
    // Instances start on a word, so that the store thread copies them word by word too.
    if (extents.length === 0) this.#used = Math.ceil(this.#used / 8) * 8;
    let position = 0;
    while (position < chunk.length) {
      if (this.#block === -1 || this.#used === arenaBlockBytes) {
        if (!this.#openBlock()) return false;
      }
      const length = Math.min(chunk.length - position, arenaBlockBytes - this.#used);
      const offset = this.#block * arenaBlockBytes + this.#used;
      this.#arena.copyIn(chunk, position, position + length, offset);
      this.#note(extents, offset, length);
      this.#used += length;
      position += length;
    }
    return true;
  }

  /** Gives the blocks of `extents` back, once each. */
  release(extents: readonly Extent[]): void {
    let previous = -1;
    for (const extent of extents) {
      const block = blockOf(extent);
      if (block !== previous) this.#releaseBlock(block);
      previous = block;
    }
  }

  close(): void {
    if (this.#block !== -1) this.#releaseBlock(this.#block);
    this.#block = -1;
  }

  #note(extents: GrowingExtent[], offset: number, length: number): void {
    const last = extents.at(-1);
    if (
      last !== undefined &&
      last.offset + last.length === offset &&
      this.#isSameBlock(last, offset)
    ) {
      last.length += length;
      return;
    }
    if (last === undefined || !this.#isSameBlock(last, offset)) this.#arena.retain(this.#block);
    extents.push({ offset, length });
  }

  #isSameBlock(extent: GrowingExtent, offset: number): boolean {
    return blockOf(extent) === Math.floor(offset / arenaBlockBytes);
  }

  #openBlock(): boolean {
    if (this.#block !== -1) this.#releaseBlock(this.#block);
    this.#block = this.#arena.takeBlock();
    this.#used = 0;
    if (this.#block === -1) return false;
    this.#blocksHeld++;
    return true;
  }

  #releaseBlock(block: number): void {
    if (!this.#arena.release(block)) return;
    this.#blocksHeld--;
    this.#onBlockFreed();
  }
}
