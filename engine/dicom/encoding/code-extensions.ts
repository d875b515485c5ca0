import { latin1Text, utf16Text } from './byte-text.js';
import { designationsByEscape } from './graphic-character-set.js';
import type { Designation, GraphicCharacterSet } from './graphic-character-set.js';

const replacementUnit = 0xfffd;
const escape = 0x1b;
const escapeSequenceLengthMax = 4;

/**
 * Decodes text with code extensions, PS3.5 §6.1.2.4 and §6.1.2.5 (ISO/IEC 2022, 8-bit). It starts with ASCII in G0 and `initialG1` in
 * G1, and falls back to that at each delimiter: `\`, the ends of line and page, TAB, and in person names `^` and `=`
 * (PS3.5 §6.1.2.5.3). `replacements` counts the stretches of U+FFFD.
 */
export function decodeCodeExtensions(
  bytes: Uint8Array,
  initialG1: GraphicCharacterSet | undefined,
  kind: 'text' | 'person-name',
): { text: string; replacements: number } {
  // No byte makes more than one code unit: every set lies in the Basic Multilingual Plane.
  const units = new Uint16Array(bytes.length);
  let count = 0;
  let replacements = 0;
  let g0: GraphicCharacterSet | undefined;
  let g1 = initialG1;
  let index = 0;
  while (index < bytes.length) {
    const byte = bytes[index]!;
    let unit = byte;
    let length = 1;
    if (byte === escape) {
      length = escapeSequenceLength(bytes, index);
      const designation = readDesignation(bytes, index, length);
      index += length;
      if (designation) {
        if (designation.element === 'G0') g0 = designation.set;
        else g1 = designation.set;
        continue;
      }
      length = 0;
      unit = replacementUnit;
    } else if (byte >= 0x80 || (g0 && byte > 0x20 && byte < 0x7f)) {
      const set = byte >= 0x80 ? g1 : g0;
      const second = bytes[index + 1] ?? 0;
      unit = replacementUnit;
      if (set?.bytesPerCharacter === 1) {
        unit = set.table[byte - 0x80] ?? replacementUnit;
      } else if (set && isPair(byte, second)) {
        unit = set.table[((byte & 0x7f) - 0x21) * 94 + (second & 0x7f) - 0x21] ?? replacementUnit;
        length = 2;
      }
    } else if (isDelimiter(byte, kind)) {
      g0 = undefined;
      g1 = initialG1;
    }
    if (unit === replacementUnit && (count === 0 || units[count - 1] !== unit)) replacements++;
    units[count++] = unit;
    index += length;
  }
  return { text: utf16Text(units, count), replacements };
}

/** Both bytes are in 21H–7EH or both in A1H–FEH. If not, the second may be a delimiter or begin the next character. */
function isPair(first: number, second: number): boolean {
  const row = first & 0x7f;
  const cell = second & 0x7f;
  const isGraphic = row > 0x20 && row < 0x7f && cell > 0x20 && cell < 0x7f;
  return isGraphic && (first & 0x80) === (second & 0x80);
}

/** Length of ESC, its intermediate bytes 20H–2FH and its final byte; 1 if no escape sequence is formed. */
function escapeSequenceLength(bytes: Uint8Array, start: number): number {
  const endMax = Math.min(bytes.length, start + escapeSequenceLengthMax);
  let index = start + 1;
  while (index < endMax && bytes[index]! >= 0x20 && bytes[index]! <= 0x2f) index++;
  const isComplete = index < endMax && bytes[index]! >= 0x30 && bytes[index]! <= 0x7e;
  return isComplete && index > start + 1 ? index + 1 - start : 1;
}

function readDesignation(
  bytes: Uint8Array,
  start: number,
  length: number,
): Designation | undefined {
  return designationsByEscape.get(latin1Text(bytes, start + 1, start + length));
}

function isDelimiter(byte: number, kind: 'text' | 'person-name'): boolean {
  switch (byte) {
    case 0x09: // TAB
    case 0x0a: // LF
    case 0x0c: // FF
    case 0x0d: // CR
    case 0x5c: // \
      return true;
    case 0x3d: // =
    case 0x5e: // ^
      return kind === 'person-name';
    default:
      return false;
  }
}
