const quote = 0x22;
const backslash = 0x5c;
const opening = new Set([0x7b, 0x5b]);
const closing = new Set([0x7d, 0x5d]);

/**
 * The JSON text of the attributes up to and including `lastTag` of one DICOM JSON object whose attributes are in the order of
 * their tags: a document of many frames is mostly what comes after group 0028, and need not be parsed for what comes before.
 * Text that is no such object comes back as it is.
 */
export function topLevelHead(json: Uint8Array, lastTag: string): string {
  const text = Buffer.from(json.buffer, json.byteOffset, json.byteLength);
  let depth = 0;
  let lastComma = -1;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at]!;
    if (byte === quote) {
      const end = endOfString(text, at);
      if (depth === 1 && text[end + 1] === 0x3a && text.toString('latin1', at + 1, end) > lastTag) {
        return lastComma < 0 ? '{}' : `${text.toString('utf8', 0, lastComma)}}`;
      }
      at = end;
    } else if (opening.has(byte)) depth++;
    else if (closing.has(byte)) depth--;
    else if (byte === 0x2c && depth === 1) lastComma = at;
  }
  return text.toString('utf8');
}

/** Position of the quotation mark that ends the string which starts at `start`. */
function endOfString(text: Buffer, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf(quote, end + 1);
    if (end < 0) return text.length;
    let escapes = 0;
    while (text[end - 1 - escapes] === backslash) escapes++;
    if (escapes % 2 === 0) return end;
  }
}
