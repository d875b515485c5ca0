import { BufferPool } from '#engine/base/buffer-pool.js';
import type { ResponseSource } from '#engine/transport/http-transport.js';

/** What a response holds in memory: room for a frame of 512 x 512 x 16 bit with its envelope, sent by one write. */
const pieces = new BufferPool(576 * 1024, 64);

/** Bytes to be read, as many as there are where their number is not known: `read` is then 0 at the end. */
export interface SectionBody {
  readonly length: number | undefined;
  /** As `BlobSource.read`. */
  read(position: number, target: Uint8Array): number | Promise<number>;
}

/** A stretch of a response: bytes as they are, or a stretch to be read. */
export type Section = Uint8Array | SectionBody;

/** Sections in their order; several that come together of what had to be waited for. */
export type SectionIterator = Iterator<Section | Promise<readonly Section[]>>;

/** Bytes of all sections together that are sent; `end` is exclusive. Only where the sections in front have known lengths. */
export interface SectionRange {
  readonly start: number;
  readonly end: number;
}

/** Fills one buffer after another from sections; the buffer is the same one, since a piece is gone before the next is asked. */
export class SectionSource implements ResponseSource {
  readonly #sections: SectionIterator;
  readonly #ready: Section[] = [];
  readonly #piece = pieces.take();
  #first: Uint8Array | null | undefined;
  /** Bytes to leave out before the first one sent. */
  #skip: number;
  /** Bytes still to be sent. */
  #rest: number;
  #position = 0;
  #isOver = false;
  #isFilling = false;
  #isClosed = false;

  constructor(sections: SectionIterator, range: SectionRange = { start: 0, end: Infinity }) {
    this.#sections = sections;
    this.#skip = range.start;
    this.#rest = range.end - range.start;
  }

  /** Reads the first piece, which `read` then gives; closes the source when that fails. */
  async begin(): Promise<void> {
    try {
      this.#first = await this.read();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  async read(): Promise<Uint8Array | null> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    this.#isFilling = true;
    try {
      const length = await this.#fill();
      this.#rest -= length;
      return length === 0 ? null : this.#piece.subarray(0, length);
    } finally {
      this.#isFilling = false;
      if (this.#isClosed) pieces.giveBack(this.#piece);
    }
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sections.return?.();
    // A read under way still writes into the buffer.
    if (!this.#isFilling) pieces.giveBack(this.#piece);
  }

  async #fill(): Promise<number> {
    const wanted = Math.min(this.#piece.length, this.#rest);
    let length = 0;
    while (length < wanted) {
      const section = this.#ready[0];
      if (section === undefined) {
        if (!(await this.#next())) return length;
        continue;
      }
      if (this.#skips(section)) continue;
      const target = this.#piece.subarray(length, wanted);
      const copied =
        section instanceof Uint8Array
          ? copyFrom(section, this.#position, target)
          : section.read(this.#position, target);
      const bytes = typeof copied === 'number' ? copied : await copied;
      length += bytes;
      this.#position += bytes;
      const isAtEnd = section.length === undefined ? bytes === 0 : this.#position >= section.length;
      if (isAtEnd) this.#dropFirst();
    }
    return length;
  }

  /** Leaves out what lies before the range; true when that was the whole section. */
  #skips(section: Section): boolean {
    if (this.#skip === 0 || section.length === undefined) return false;
    if (this.#skip >= section.length) {
      this.#skip -= section.length;
      this.#dropFirst();
      return true;
    }
    this.#position = this.#skip;
    this.#skip = 0;
    return false;
  }

  #dropFirst(): void {
    this.#ready.shift();
    this.#position = 0;
  }

  /** Takes the next section; false at the end. */
  async #next(): Promise<boolean> {
    if (this.#isOver) return false;
    const next = this.#sections.next();
    if (next.done === true) {
      this.#isOver = true;
      return false;
    }
    if (next.value instanceof Promise) this.#ready.push(...(await next.value));
    else this.#ready.push(next.value);
    return true;
  }
}

function copyFrom(bytes: Uint8Array, position: number, target: Uint8Array): number {
  const rest = bytes.subarray(position, position + target.length);
  target.set(rest);
  return rest.length;
}
