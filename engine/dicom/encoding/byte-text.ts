type ByteSlice = (this: Uint8Array, start: number, end: number) => string;

// The slice methods below Buffer.toString work on any Uint8Array and save making a Buffer per value; a header has a hundred.
const { latin1Slice, utf8Slice, ucs2Slice } = Buffer.prototype as unknown as Record<
  'latin1Slice' | 'utf8Slice' | 'ucs2Slice',
  ByteSlice
>;

/** Bytes [start, end) as text, each byte the code point of the same number. `bytes` must not be shared memory. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

/** UTF-8 text; each ill-formed sequence becomes one U+FFFD. A byte order mark is kept. */
export function utf8Text(bytes: Uint8Array): string {
  return utf8Slice.call(bytes, 0, bytes.length);
}

/** Text of the first `count` UTF-16 code units. */
export function utf16Text(units: Uint16Array, count: number): string {
  return ucs2Slice.call(new Uint8Array(units.buffer, units.byteOffset, count * 2), 0, count * 2);
}
