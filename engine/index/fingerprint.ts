/**
 * Tells whether two sets of rows are the same without comparing row by row: their number, the sum of their sequences and the sum
 * of the sequences scattered by a multiplication, so that two wrong sequences do not cancel out.
 */
export class Fingerprint {
  #count: number;
  #sum: bigint;
  #scattered: bigint;

  constructor(count = 0, sum = 0n, scattered = 0n) {
    this.#count = count;
    this.#sum = sum;
    this.#scattered = scattered;
  }

  get count(): number {
    return this.#count;
  }

  add(sequence: number): void {
    const value = BigInt(sequence);
    this.#count += 1;
    this.#sum += value;
    this.#scattered += (value * scatterFactor) % scatterModulus;
  }

  equals(other: Fingerprint): boolean {
    return (
      this.#count === other.#count &&
      this.#sum === other.#sum &&
      this.#scattered === other.#scattered
    );
  }
}

/** Knuth's multiplicative constant and the largest prime below 2^32. */
const scatterFactor = 2_654_435_761n;
const scatterModulus = 4_294_967_291n;

/** The columns that make a `Fingerprint` of a table's rows, in the order of its constructor, as text. */
export const fingerprintColumns =
  `count(*)::VARCHAR, coalesce(sum(sequence), 0)::VARCHAR,` +
  ` coalesce(sum((sequence::HUGEINT * ${scatterFactor}) % ${scatterModulus}), 0)::VARCHAR`;
