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
  level = 0;
  /** Number of open sequences. */
  depth = 0;
  readonly ends = new Float64Array(levelsMax + 1).fill(Infinity);
  readonly bounds = new Float64Array(levelsMax + 1).fill(Infinity);
  readonly encodings = new Uint8Array(levelsMax + 1);
  readonly #isSequence = new Uint8Array(levelsMax + 1);

  get isInSequence(): boolean {
    return this.#isSequence[this.level] === 1;
  }

  get end(): number {
    return this.ends[this.level] ?? Infinity;
  }

  get bound(): number {
    return this.bounds[this.level] ?? Infinity;
  }

  get encoding(): Encoding {
    return this.encodings[this.level] ?? 0;
  }

  /** `end` is Infinity for a delimited container. */
  push(kind: 'sequence' | 'item', end: number, encoding: Encoding): void {
    if (kind === 'sequence') {
      if (this.depth === limits.sequenceDepthMax) {
        throw new GantryError('limit-exceeded', `sequences nest deeper than ${this.depth}`);
      }
      this.depth++;
    }
    const bound = Math.min(end, this.bound);
    this.level++;
    this.ends[this.level] = end;
    this.bounds[this.level] = bound;
    this.encodings[this.level] = encoding;
    this.#isSequence[this.level] = kind === 'sequence' ? 1 : 0;
  }

  pop(): void {
    if (this.isInSequence) this.depth--;
    this.level--;
  }
}

const levelsMax = limits.sequenceDepthMax * 2;
