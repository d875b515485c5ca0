/** Text for the content and the attributes of XML and HTML; what XML 1.0 does not have is left out. */
export function escapeXml(text: string): string {
  let escaped = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (isForbidden(code)) continue;
    escaped += escapes.has(character) ? `&#${code};` : character;
  }
  return escaped;
}

const escapes: ReadonlySet<string> = new Set(['&', '<', '>', '"', "'"]);

/** Control characters, halves of surrogate pairs, and what is no character. */
function isForbidden(code: number): boolean {
  if (code < 0x20) return code !== 0x09 && code !== 0x0a && code !== 0x0d;
  return (code >= 0xd800 && code <= 0xdfff) || code === 0xfffe || code === 0xffff;
}
