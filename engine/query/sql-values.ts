/** string → VARCHAR, number → DOUBLE, bigint → BIGINT, array → VARCHAR[]. */
export type SqlValue = string | number | bigint | readonly string[];

/** Collects the values of a statement; each becomes a place holder, so that nothing a peer sent is part of the text. */
export class SqlValues {
  readonly #values: SqlValue[] = [];

  /** Adds a value and returns its place holder. */
  bind(value: SqlValue): string {
    this.#values.push(value);
    return `$${this.#values.length}`;
  }

  get all(): readonly SqlValue[] {
    return this.#values;
  }
}
