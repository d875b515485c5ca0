import { once } from 'node:events';
import {
  constants,
  createBrotliCompress,
  createGzip,
  type BrotliCompress,
  type Gzip,
} from 'node:zlib';
import type { ResponseSource } from '#engine/transport/http-transport.js';

// Text of attributes: higher levels take twice the time for a few per cent. The window bounds what one answer holds in memory.
const gzipOptions = { level: 4 };
const brotliOptions = {
  params: {
    [constants.BROTLI_PARAM_QUALITY]: 4,
    [constants.BROTLI_PARAM_LGWIN]: 18,
    [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
  },
};

/**
 * The bytes of a source, compressed by the threads of libuv. One piece at a time is under way, as slowly as the client takes
 * what comes of it.
 */
export class CompressedSource implements ResponseSource {
  readonly #source: ResponseSource;
  readonly #stream: Gzip | BrotliCompress;
  readonly #onClose: () => void;
  #compressed: Buffer[] = [];
  #isOver = false;

  constructor(source: ResponseSource, encoding: 'gzip' | 'br', onClose: () => void) {
    this.#source = source;
    this.#onClose = onClose;
    this.#stream =
      encoding === 'gzip' ? createGzip(gzipOptions) : createBrotliCompress(brotliOptions);
    this.#stream.on('data', (chunk: Buffer) => this.#compressed.push(chunk));
  }

  async read(): Promise<Uint8Array | null> {
    while (this.#compressed.length === 0 && !this.#isOver) {
      const piece = await this.#source.read();
      if (piece !== null) await this.#write(piece);
      else {
        this.#isOver = true;
        this.#stream.end();
        await once(this.#stream, 'end');
      }
    }
    if (this.#compressed.length === 0) return null;
    const bytes = Buffer.concat(this.#compressed);
    this.#compressed = [];
    return bytes;
  }

  close(): void {
    this.#source.close();
    this.#stream.destroy();
    this.#onClose();
  }

  #write(piece: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stream.write(piece, (error) => (error instanceof Error ? reject(error) : resolve()));
    });
  }
}
