/** Bytes of an AE title field, PS3.8 Table 9-11. */
export const aeTitleFieldBytes = 16;

/** An AE title without its padding: leading and trailing spaces are not significant (PS3.5 §6.2); some senders pad with NUL. */
export function trimAeTitle(field: string): string {
  let end = field.length;
  while (end > 0 && (field.charCodeAt(end - 1) === 0 || field.charCodeAt(end - 1) === 0x20)) end--;
  let start = 0;
  while (start < end && field.charCodeAt(start) === 0x20) start++;
  return field.slice(start, end);
}

/**
 * Whether `title` is an AE title: 1–16 characters of the default repertoire without backslash and control characters
 * (PS3.5 §6.2). What passes is safe in log lines.
 */
export function isAeTitle(title: string): boolean {
  if (title.length === 0 || title.length > aeTitleFieldBytes) return false;
  for (let i = 0; i < title.length; i++) {
    const code = title.charCodeAt(i);
    if (code < 0x20 || code > 0x7e || code === 0x5c) return false;
  }
  return true;
}
