import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';

/**
 * The bytes that a reader still needs, in private memory: what is pushed may lie in shared memory that others write. The window
 * grows with the bytes that have arrived, never with a length that somebody declared.
 */
export class InputWindow {
  bytes: Uint8Array = new Uint8Array(initialBytes);
  /** First and one past the last byte not yet consumed. */
  start = 0;
  end = 0;
  /** Position of `bytes[start]` in the stream. */
  position = 0;
  /** Bytes after the window that nobody needs. While there are some, the window is empty. */
  skippableBytes = 0;
  #consumedBytes = 0;

  get length(): number {
    return this.end - this.start;
  }

  /** Copies `chunk[from, to)` to the end. */
  append(chunk: Uint8Array, from: number, to: number): void {
    const count = to - from;
    if (this.start === this.end) this.start = this.end = 0;
    if (this.end + count > this.bytes.length) this.#makeRoom(count);
    this.bytes.set(chunk.subarray(from, to), this.end);
    this.end += count;
  }

  /** The first `count` bytes have been read. */
  consume(count: number): void {
    this.start += count;
    this.position += count;
    this.#consumedBytes += count;
    if (this.#consumedBytes > limits.headerBytesMax) {
      throw new GantryError('limit-exceeded', `more than ${limits.headerBytesMax} header bytes`);
    }
  }

  /** The next `count` bytes are not needed, whether they are in the window or still to come. */
  skip(count: number): void {
    const buffered = Math.min(count, this.length);
    this.start += buffered;
    this.position += buffered;
    this.skippableBytes = count - buffered;
  }

  /** `count` of the skippable bytes have gone by. */
  advance(count: number): void {
    this.position += count;
    this.skippableBytes -= count;
  }

  /** Drops everything and counts from zero again: another stream follows. */
  restart(): void {
    this.start = this.end = 0;
    this.position = 0;
  }

  #makeRoom(count: number): void {
    const { length } = this;
    const target =
      length + count > this.bytes.length
        ? new Uint8Array(Math.max(this.bytes.length * 2, length + count))
        : this.bytes;
    target.set(this.bytes.subarray(this.start, this.end), 0);
    this.bytes = target;
    this.start = 0;
    this.end = length;
  }
}

const initialBytes = 8 * 1024;
