import { closeSync, openSync, readSync } from 'node:fs';

import { GantryError } from '#engine/base/error-catalogue.js';
import type { ByteSource } from '#engine/dicom/instance/byte-source.js';

/** Most data sets without their pixel data are shorter: one read suffices. */
const windowBytes = 256 * 1024;

export interface FileRange {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Part of a file, read a window at a time where it is asked for. Reads block: it is for worker threads. */
export class FileByteSource implements ByteSource {
  readonly length: number;
  readonly #descriptor: number;
  readonly #offset: number;
  readonly #window = new Uint8Array(windowBytes);

  constructor(range: FileRange) {
    this.length = range.length;
    this.#offset = range.offset;
    this.#descriptor = openSync(range.path, 'r');
  }

  chunkAt(position: number): Uint8Array {
    const wanted = Math.min(windowBytes, this.length - position);
    const read = readSync(this.#descriptor, this.#window, 0, wanted, this.#offset + position);
    if (read === 0) throw new GantryError('truncated', 'the file ends before its declared length');
    return this.#window.subarray(0, read);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
