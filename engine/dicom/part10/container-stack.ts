import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';

/** How the elements of a container are encoded: the bits of `Encoding`. */
export type Encoding = number;
export const explicitVr = 1;
export const bigEndian = 2;

/**
 * The sequences and items that are open around the reader's position; level 0 is the data set itself. A container ends at a
 * position, or at a delimiter, in which case its `end` is Infinity. `bound` is the position nothing inside it may cross: the
 * nearest defined end around it.
 */
export class ContainerStack {
  /** Number of open sequences and items. */
  level = 0;
  /** Number of open sequences. */
  depth = 0;
  /** Of the innermost container: what every element asks for, so they are plain fields. */
  end = Infinity;
  bound = Infinity;
  encoding: Encoding = 0;
  isInSequence = false;
  /** The same of the containers around it, by level. */
  readonly #ends = new Float64Array(levelsMax);
  readonly #bounds = new Float64Array(levelsMax);
  readonly #encodings = new Uint8Array(levelsMax);

  /** End of the container around the innermost one. */
  get outerEnd(): number {
    return this.#ends[this.level - 1] ?? Infinity;
  }

  /** Opens a sequence in a data set, or an item in a sequence. `end` is Infinity for a delimited one. */
  push(end: number, encoding: Encoding): void {
    const isSequence = !this.isInSequence;
    if (isSequence) {
      if (this.depth === limits.sequenceDepthMax) {
        throw new GantryError('limit-exceeded', `sequences nest deeper than ${this.depth}`);
      }
      this.depth++;
    }
    this.#ends[this.level] = this.end;
    this.#bounds[this.level] = this.bound;
    this.#encodings[this.level] = this.encoding;
    this.level++;
    this.end = end;
    this.bound = Math.min(end, this.bound);
    this.encoding = encoding;
    this.isInSequence = isSequence;
  }

  pop(): void {
    if (this.isInSequence) this.depth--;
    this.isInSequence = !this.isInSequence;
    this.level--;
    this.end = this.#ends[this.level] ?? Infinity;
    this.bound = this.#bounds[this.level] ?? Infinity;
    this.encoding = this.#encodings[this.level] ?? 0;
  }
}

const levelsMax = limits.sequenceDepthMax * 2;
