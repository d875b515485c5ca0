import { limits } from './limits.js';

const uidPattern = /^[0-9]+(\.[0-9]+)*$/;

/**
 * Whether `text` can name a stored resource: digits and dots (PS3.5 §9.1), within `limits.uidLengthMax`. A component with a leading
 * zero is against the standard but harmless and common in real files, so it is let through.
 */
export function isUid(text: string): boolean {
  return text.length > 0 && text.length <= limits.uidLengthMax && uidPattern.test(text);
}

/** A UID value without the NUL or space padding that senders add (PS3.5 §6.2 asks for one trailing NUL). */
export function trimUid(text: string): string {
  let end = text.length;
  while (end > 0 && (text.charCodeAt(end - 1) === 0 || text.charCodeAt(end - 1) === 32)) end--;
  let start = 0;
  while (start < end && text.charCodeAt(start) === 32) start++;
  return text.slice(start, end);
}
