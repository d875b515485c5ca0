import { BufferPool } from '#engine/base/buffer-pool.js';
import type { ResponseSource } from '#engine/transport/http-transport.js';

/** What a response holds in memory: room for a frame of 512 x 512 x 16 bit with its envelope, sent by one write. */
const pieces = new BufferPool(576 * 1024, 64);

/** Bytes to be read, as many as there are where their number is not known: `read` is then 0 at the end. */
export interface SectionBody {
  readonly length: number | undefined;
  /** As `BlobSource.read`. */
  read(position: number, target: Uint8Array): number | Promise<number>;
  /** As `BlobSource.pieceBytes`. */
  pieceBytes?(position: number, bytesMax: number): number;
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
  /** The piece ends before it is full, because what comes next is better read in one go. */
  #isPieceCut = false;
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

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const first = this.#first;
    if (first !== undefined) {
      this.#first = undefined;
      return first;
    }
    this.#isPieceCut = false;
    const filled = this.#fill(0, Math.min(this.#piece.length, this.#rest));
    return typeof filled === 'number' ? this.#pieceOf(filled) : this.#readSlowly(filled);
  }

  async #readSlowly(filled: Promise<number>): Promise<Uint8Array | null> {
    this.#isFilling = true;
    try {
      return this.#pieceOf(await filled);
    } finally {
      this.#isFilling = false;
      if (this.#isClosed) pieces.giveBack(this.#piece);
    }
  }

  #pieceOf(length: number): Uint8Array | null {
    this.#rest -= length;
    return length === 0 ? null : this.#piece.subarray(0, length);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#sections.return?.();
    // A read under way still writes into the buffer.
    if (!this.#isFilling) pieces.giveBack(this.#piece);
  }

  /** Fills the piece from `length` up to `wanted`, as far as there are bytes; in one go where nothing has to be waited for. */
  #fill(length: number, wanted: number): number | Promise<number> {
    let filled = length;
    while (filled < wanted && !this.#isPieceCut) {
      const step = this.#step(this.#piece.subarray(filled, wanted));
      if (step instanceof Promise) return this.#fillBehind(step, filled, wanted);
      if (step === undefined) return filled;
      filled += step;
    }
    return filled;
  }

  async #fillBehind(
    step: Promise<number | undefined>,
    filled: number,
    wanted: number,
  ): Promise<number> {
    const bytes = await step;
    return bytes === undefined ? filled : this.#fill(filled + bytes, wanted);
  }

  /** Bytes put into `target`, which may be none; undefined when there are no more. */
  #step(target: Uint8Array): number | undefined | Promise<number | undefined> {
    const section = this.#ready[0];
    if (section === undefined) return this.#next();
    if (this.#skips(section)) return 0;
    const copied =
      section instanceof Uint8Array
        ? copyFrom(section, this.#position, target)
        : this.#readBody(section, target);
    return typeof copied === 'number'
      ? this.#advance(section, copied)
      : copied.then((bytes) => this.#advance(section, bytes));
  }

  /** Reads what is best read together; nothing where that is more than the rest of the piece, which then ends. */
  #readBody(body: SectionBody, target: Uint8Array): number | Promise<number> {
    const isPieceEmpty = target.byteOffset === this.#piece.byteOffset;
    const bytes = body.pieceBytes?.(this.#position, target.length) ?? target.length;
    if (bytes === 0 && isPieceEmpty) return body.read(this.#position, target);
    this.#isPieceCut = bytes < target.length && this.#position + bytes < (body.length ?? Infinity);
    return bytes === 0 ? 0 : body.read(this.#position, target.subarray(0, bytes));
  }

  #advance(section: Section, bytes: number): number {
    this.#position += bytes;
    const isAtEnd = section.length === undefined ? bytes === 0 : this.#position >= section.length;
    if (isAtEnd) this.#dropFirst();
    return bytes;
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

  /** Takes the next section, which is no bytes yet; undefined at the end. */
  #next(): 0 | undefined | Promise<0> {
    if (this.#isOver) return undefined;
    const next = this.#sections.next();
    if (next.done === true) {
      this.#isOver = true;
      return undefined;
    }
    if (next.value instanceof Promise) {
      return next.value.then((sections) => {
        this.#ready.push(...sections);
        return 0;
      });
    }
    this.#ready.push(next.value);
    return 0;
  }
}

function copyFrom(bytes: Uint8Array, position: number, target: Uint8Array): number {
  const rest = bytes.subarray(position, position + target.length);
  target.set(rest);
  return rest.length;
}
