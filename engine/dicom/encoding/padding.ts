/**
 * Where the spaces of a value are padding rather than content, by VR: PS3.5 §6.2. NUL, the padding of UI, is tolerated in
 * every VR. Other white space, such as the ideographic space, is content.
 */
export type PaddingRule = 'both-ends' | 'end';

/** `text` without its padding. */
export function trimPadding(text: string, padding: PaddingRule): string {
  let start = 0;
  let end = text.length;
  while (end > 0 && isPadding(text.charCodeAt(end - 1))) end--;
  if (padding === 'both-ends') while (start < end && isPadding(text.charCodeAt(start))) start++;
  return text.slice(start, end);
}

/** Index of the first byte that is no padding, or the length. */
export function paddedStart(bytes: Uint8Array): number {
  let start = 0;
  while (start < bytes.length && isPadding(bytes[start]!)) start++;
  return start;
}

/** Index after the last byte that is no padding, not before `start`. */
export function paddedEnd(bytes: Uint8Array, start: number): number {
  let end = bytes.length;
  while (end > start && isPadding(bytes[end - 1]!)) end--;
  return end;
}

function isPadding(code: number): boolean {
  return code === 0x20 || code === 0;
}
