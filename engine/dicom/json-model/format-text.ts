import { latin1Text } from '#engine/dicom/encoding/byte-text.js';
import type { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';

/** Where spaces and NULs are padding rather than content, PS3.5 §6.2. */
export type PaddingRule = 'both-ends' | 'end';

/** What a byte asks of those who write it as JSON; several add up. */
export const byteTraits = { delimiter: 1, escaped: 2, decoded: 4 } as const;

const traitsByByte = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte === 0x5c) return byteTraits.delimiter;
  if (byte >= 0x80 || byte === 0x1b) return byteTraits.decoded | byteTraits.escaped;
  return byte < 0x20 || byte === 0x22 ? byteTraits.escaped : 0;
});

/** Values of a VR whose values are separated by `\`. */
export function formatMultiValuedText(
  bytes: Uint8Array,
  charset: SpecificCharacterSet,
  padding: PaddingRule,
): string | undefined {
  const start = padding === 'both-ends' ? paddedStart(bytes) : 0;
  const end = paddedEnd(bytes, start);
  const traits = traitsOf(bytes, start, end);
  const text = readText(bytes, start, end, traits, charset);
  if (text === '') return undefined;
  if (traits === 0) return `["${text}"]`;
  const members = text.split('\\');
  if (members.length === 1) {
    const member = trimPadding(text, padding);
    return member === '' ? undefined : `[${JSON.stringify(member)}]`;
  }
  let json = '';
  for (const member of members) {
    const value = trimPadding(member, padding);
    json += json === '' ? '[' : ',';
    if (value === '') json += 'null';
    else json += traits & byteTraits.escaped ? JSON.stringify(value) : `"${value}"`;
  }
  return `${json}]`;
}

/** The value of LT, ST, UT or UR: a `\` and leading spaces are content. */
export function formatSingleText(
  bytes: Uint8Array,
  charset: SpecificCharacterSet,
): string | undefined {
  const end = paddedEnd(bytes, 0);
  const traits = traitsOf(bytes, 0, end);
  const text = readText(bytes, 0, end, traits, charset);
  if (traits === 0) return text === '' ? undefined : `["${text}"]`;
  const value = trimPadding(text, 'end');
  return value === '' ? undefined : `[${JSON.stringify(value)}]`;
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

/** All traits that occur in bytes [start, end), see `byteTraits`; 0: the bytes are the JSON string. */
export function traitsOf(bytes: Uint8Array, start: number, end: number): number {
  let traits = 0;
  for (let index = start; index < end; index++) traits |= traitsByByte[bytes[index]!]!;
  return traits;
}

/** Text of bytes [start, end) that have these traits. */
export function readText(
  bytes: Uint8Array,
  start: number,
  end: number,
  traits: number,
  charset: SpecificCharacterSet,
): string {
  if (start === end) return '';
  if (!(traits & byteTraits.decoded)) return latin1Text(bytes, start, end);
  return charset.decode(bytes.subarray(start, end), 'text');
}

/** `text` without its padding. Other white space, such as the ideographic space, is content. */
export function trimPadding(text: string, padding: PaddingRule): string {
  let start = 0;
  let end = text.length;
  while (end > 0 && isPadding(text.charCodeAt(end - 1))) end--;
  if (padding === 'both-ends') while (start < end && isPadding(text.charCodeAt(start))) start++;
  return text.slice(start, end);
}

function isPadding(code: number): boolean {
  return code === 0x20 || code === 0;
}
