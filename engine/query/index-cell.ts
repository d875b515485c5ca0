/**
 * How the values of a `name` or `text` column share one VARCHAR: a single value stands as it is; several are enclosed by U+001F,
 * which no value holds, so that an equality is a comparison or one substring search and lists cost nothing where there are none.
 */
export const valueSeparator = '\u001F';

/** The cell of normalised values, null when there is none. */
export function encodeTextCell(values: readonly (string | number)[]): string | null {
  const first = values[0];
  if (first === undefined) return null;
  return values.length === 1 ? String(first) : encloseValue(values.join(valueSeparator));
}

/** What a cell of several values contains when `value` is one of them. */
export function encloseValue(value: string): string {
  return valueSeparator + value + valueSeparator;
}
