/** Longest text of a peer in a log line or answer; an AE title has 16 characters. */
const lengthMax = 64;

/** Text of a peer, fit for a log line: hostile ones put anything into AE titles and names. */
export function printable(text: string): string {
  return text.slice(0, lengthMax).replace(/[^\x20-\x7e]/g, '?');
}
