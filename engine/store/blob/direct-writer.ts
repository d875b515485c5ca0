import { constants, openSync, writeSync } from 'node:fs';
import { assert } from '#engine/base/assert.js';
import { copyShared } from '#engine/base/copy-shared.js';
import { recordAlignmentBytes } from './record-header.js';

/** What we use of it: the type libraries of Node leave it to those of browsers. */
declare const WebAssembly: {
  readonly Memory: new (descriptor: { initial: number; maximum: number }) => {
    readonly buffer: ArrayBuffer;
  };
};

const stagingBytes = 4 * 1024 * 1024;
const wasmPageBytes = 64 * 1024;

/** Direct I/O needs memory that begins on a page, and only the buffer of a WebAssembly memory is sure to. */
const stagingPages = stagingBytes / wasmPageBytes;

/**
 * Writes whole records to a segment past the page cache. A growing file that is written through the cache costs a fresh page,
 * zeroed, filled and written back, for every 4 KiB: up to four times the time of the disk itself on virtual machines, whose host
 * has to find that page first. Records are read again much later, or never.
 *
 * One writer serves all segments of a thread: it copies into one aligned buffer and writes that.
 */
export class DirectWriter {
  readonly #staging: Buffer;

  constructor() {
    const memory = new WebAssembly.Memory({ initial: stagingPages, maximum: stagingPages });
    this.#staging = Buffer.from(memory.buffer);
  }

  /** A descriptor for `writeAll`; undefined where the file system has no direct I/O, such as tmpfs. */
  open(path: string): number | undefined {
    try {
      return openSync(path, constants.O_WRONLY | constants.O_DIRECT);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EINVAL') return undefined;
      throw error;
    }
  }

  /** Writes `buffers`, in total a multiple of 4 KiB, one after another from `position`, which is one too. */
  writeAll(fd: number, buffers: readonly Uint8Array[], position: number): void {
    let staged = 0;
    let at = position;
    for (const buffer of buffers) {
      for (let from = 0; from < buffer.length;) {
        const length = Math.min(buffer.length - from, stagingBytes - staged);
        copyShared(this.#staging, staged, buffer.subarray(from, from + length));
        staged += length;
        from += length;
        if (staged < stagingBytes) continue;
        this.#flush(fd, staged, at);
        at += staged;
        staged = 0;
      }
    }
    assert(staged % recordAlignmentBytes === 0, 'records fill whole pages');
    if (staged > 0) this.#flush(fd, staged, at);
  }

  #flush(fd: number, length: number, position: number): void {
    for (let done = 0; done < length;) {
      const written = writeSync(fd, this.#staging, done, length - done, position + done);
      if (written < recordAlignmentBytes) throw new Error('a direct write made no progress');
      // A write that stopped inside a page goes on from that page's start: what follows must be aligned again.
      done += written - (written % recordAlignmentBytes);
    }
  }
}
