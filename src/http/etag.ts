import { createHash } from 'node:crypto';

/** A strong entity tag (RFC 9110 §8.8.3) for a representation that `key` identifies down to its bytes. */
export function strongEtag(key: string): string {
  return `"${createHash('sha256').update(key).digest('base64url').slice(0, 27)}"`;
}

/** The tag of a representation whose bytes may differ where their meaning does not (RFC 9110 §8.8.1). */
export function weakEtag(strong: string): string {
  return `W/${strong}`;
}

/**
 * Whether a GET can be answered 304. RFC 9110 §13.1.2 wants the weak comparison here, and proxies that compress weaken our tags.
 */
export function matchesIfNoneMatch(header: string | undefined, etag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  const tags: readonly string[] = header.match(/"[^"]*"/g) ?? [];
  return tags.includes(etag.replace(/^W\//, ''));
}

/** Whether a Range header counts (RFC 9110 §13.1.5): no If-Range, or one that holds this very tag, strongly compared. */
export function matchesIfRange(header: string | undefined, etag: string): boolean {
  return header === undefined || header.trim() === etag;
}
