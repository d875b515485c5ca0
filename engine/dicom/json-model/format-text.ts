import { latin1Text } from '#engine/dicom/encoding/byte-text.js';
import { paddedEnd, paddedStart, trimPadding } from '#engine/dicom/encoding/padding.js';
import type { PaddingRule } from '#engine/dicom/encoding/padding.js';
import type { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';

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
  const text =
    traits & byteTraits.decoded
      ? charset.decode(bytes.subarray(start, end), 'text')
      : latin1Text(bytes, start, end);
  if (text === '') return undefined;
  if (traits === 0) return `["${text}"]`;
  let json = '';
  for (let at = 0; ;) {
    const delimiter = text.indexOf('\\', at);
    const isLast = delimiter < 0;
    const value = trimPadding(text.slice(at, isLast ? text.length : delimiter), padding);
    if (isLast && json === '' && value === '') return undefined;
    json += json === '' ? '[' : ',';
    if (value === '') json += 'null';
    else json += traits & byteTraits.escaped ? JSON.stringify(value) : `"${value}"`;
    if (isLast) return `${json}]`;
    at = delimiter + 1;
  }
}

/** The value of LT, ST, UT or UR: a `\` and leading spaces are content. */
export function formatSingleText(
  bytes: Uint8Array,
  charset: SpecificCharacterSet,
): string | undefined {
  const end = paddedEnd(bytes, 0);
  const traits = traitsOf(bytes, 0, end);
  const text =
    traits & byteTraits.decoded
      ? charset.decode(bytes.subarray(0, end), 'text')
      : latin1Text(bytes, 0, end);
  if (traits === 0) return text === '' ? undefined : `["${text}"]`;
  const value = trimPadding(text, 'end');
  return value === '' ? undefined : `[${JSON.stringify(value)}]`;
}

/** All traits that occur in bytes [start, end), see `byteTraits`; 0: the bytes are the JSON string. */
export function traitsOf(bytes: Uint8Array, start: number, end: number): number {
  let traits = 0;
  for (let index = start; index < end; index++) traits |= traitsByByte[bytes[index]!]!;
  return traits;
}
