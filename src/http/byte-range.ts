/** Which bytes of a representation to send; `end` is exclusive. */
export type ByteRange =
  | { readonly kind: 'whole' }
  | { readonly kind: 'part'; readonly start: number; readonly end: number }
  | { readonly kind: 'unsatisfiable' };

const whole: ByteRange = { kind: 'whole' };

/**
 * Reads a Range header (RFC 9110 §14.1.2) for a representation of `length` bytes. One range is served; several, other units and
 * malformed ranges are ignored, as the standard allows.
 */
export function parseByteRange(header: string | undefined, length: number): ByteRange {
  const match = /^bytes=\s*(\d{0,15})-(\d{0,15})\s*$/i.exec(header?.trim() ?? '');
  const [, first, last] = match ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return whole;
  if (first === '') {
    const suffixLength = Math.min(Number(last), length);
    if (suffixLength === 0) return { kind: 'unsatisfiable' };
    return { kind: 'part', start: length - suffixLength, end: length };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return whole;
  if (start >= length) return { kind: 'unsatisfiable' };
  const end = last === '' ? length : Math.min(Number(last) + 1, length);
  return { kind: 'part', start, end };
}

/** Value of Content-Range: of a 206 with a part, of a 416 without. */
export function contentRange(range: ByteRange, length: number): string {
  return range.kind === 'part'
    ? `bytes ${range.start}-${range.end - 1}/${length}`
    : `bytes */${length}`;
}
