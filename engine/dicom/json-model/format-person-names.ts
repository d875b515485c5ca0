import { latin1Text } from '#engine/dicom/encoding/byte-text.js';
import { paddedEnd, trimPadding } from '#engine/dicom/encoding/padding.js';
import type { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';

import { byteTraits, traitsOf } from './format-text.js';

const groupNames = ['Alphabetic', 'Ideographic', 'Phonetic'] as const;

const caret = 0x5e;

/** Values of PN, PS3.18 §F.2.2: one object each, without empty component groups (PS3.5 §6.2.1.1); `null` for an empty name. */
export function formatPersonNames(
  bytes: Uint8Array,
  charset: SpecificCharacterSet,
): string | undefined {
  const end = paddedEnd(bytes, 0);
  if (end === 0) return undefined;
  const traits = traitsOf(bytes, 0, end);
  const text =
    traits & byteTraits.decoded
      ? charset.decode(bytes.subarray(0, end), 'person-name')
      : latin1Text(bytes, 0, end);
  if (traits === 0 && bytes[0] !== caret && !text.includes('='))
    return `[{"Alphabetic":"${text}"}]`;
  const names = text.split('\\');
  if (names.length === 1) {
    const json = formatName(text);
    return json && `[${json}]`;
  }
  return `[${names.map((name) => formatName(name) ?? 'null').join(',')}]`;
}

/** Groups beyond the third have no place in the model and are dropped; delimiters alone make no group, PS3.5 §6.2.1.1. */
function formatName(name: string): string | undefined {
  let json = '';
  let start = 0;
  for (const groupName of groupNames) {
    const separator = name.indexOf('=', start);
    const group = trimPadding(
      separator < 0 ? name.slice(start) : name.slice(start, separator),
      'end',
    );
    if (!isEmptyGroup(group))
      json += `${json === '' ? '{' : ','}"${groupName}":${JSON.stringify(group)}`;
    if (separator < 0) break;
    start = separator + 1;
  }
  return json === '' ? undefined : `${json}}`;
}

function isEmptyGroup(group: string): boolean {
  for (let index = 0; index < group.length; index++) {
    const code = group.charCodeAt(index);
    if (code !== caret && code !== 0x20) return false;
  }
  return true;
}
