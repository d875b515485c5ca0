/**
 * A `Warning` header with code 299, miscellaneous and persistent: agent and quoted text as RFC 7234 §5.5 has them. RFC 9111 takes
 * the header out of HTTP, but PS3.18 §8.4.3 goes on sending it, and clients show its text. `text` is printable ASCII.
 */
export function warningHeader(text: string): readonly ['warning', string] {
  return ['warning', `299 gantry "${text.replace(/["\\]/g, '\\$&')}"`];
}
