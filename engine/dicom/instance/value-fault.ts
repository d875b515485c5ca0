import { vrName, type VrCode } from '#engine/dicom/dictionary/vr.js';
import { latin1Text } from '#engine/dicom/encoding/byte-text.js';
import { parseDate, parseDateTime, parseTime } from '#engine/dicom/encoding/date-time.js';
import { trimPadding } from '#engine/dicom/encoding/padding.js';
import type { SpecificCharacterSet } from '#engine/dicom/encoding/specific-character-set.js';
import type { InstanceRules } from './instance-rules.js';

const decimal = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const integer = /^[+-]?\d+$/;
const age = /^\d{3}[DWMY]$/;
const uid = /^\d+(?:\.\d+)*$/;
const codeString = /^[A-Z0-9 _]*$/;
const control = /[\0-\x08\x0b\x0e-\x1a\x1c-\x1f]/;
const controlOrLine = /[\0-\x1a\x1c-\x1f]/;

/** Characters of one value, or of one component group of PN (PS3.5 Table 6.2-1). */
const lengthMax: Readonly<Record<string, number>> = {
  AE: 16,
  CS: 16,
  DS: 16,
  IS: 12,
  LO: 64,
  LT: 10_240,
  PN: 64,
  SH: 16,
  ST: 1_024,
  UI: 64,
};

const numberBytes: Readonly<Record<string, number>> = {
  AT: 4,
  FD: 8,
  FL: 4,
  SL: 4,
  SS: 2,
  SV: 8,
  UL: 4,
  US: 2,
  UV: 8,
};

/** What makes a value of the VR unreadable; undefined when nothing does. */
const readers: Readonly<Record<string, (value: string) => string | undefined>> = {
  AS: (value) => (age.test(value) ? undefined : 'is no age'),
  DA: (value) => (parseDate(value) === undefined ? 'is no date' : undefined),
  DS: (value) => (decimal.test(value) ? undefined : 'is no decimal number'),
  DT: (value) => (parseDateTime(value) === undefined ? 'is no date and time' : undefined),
  IS: (value) => (isInt32(value) ? undefined : 'is no integer of 32 bits'),
  TM: (value) => (parseTime(value) === undefined ? 'is no time' : undefined),
  UI: (value) => (uid.test(value) ? undefined : 'is no UID'),
};

/**
 * What is wrong with the value field of an element by PS3.5 §6.2, as the rest of a sentence without the value; undefined when it
 * will do. Padding with NUL is never wrong, nor is an empty value among others. `json` is what `formatJsonValue` made of it.
 */
export function valueFault(
  vr: VrCode,
  value: Uint8Array,
  json: string,
  { omits, charset }: Pick<InstanceRules, 'omits'> & { readonly charset: SpecificCharacterSet },
): string | undefined {
  const name = vrName(vr);
  const size = numberBytes[name];
  if (size !== undefined) {
    return value.length % size === 0 ? undefined : `has a length that is no multiple of ${size}`;
  }
  const isStrict = omits === 'nonconformant';
  const read = readers[name];
  if (!isStrict && (read === undefined || isPlainNumber(name, json))) return undefined;
  // Only values of these VRs can have a character of several bytes, in which a byte may look like a delimiter.
  const isText = name === 'LO' || name === 'SH' || name === 'PN' || name.endsWith('T');
  const text = isText
    ? charset.decode(value, name === 'PN' ? 'person-name' : 'text')
    : latin1Text(value, 0, value.length);
  const isOneValue = name === 'LT' || name === 'ST' || name === 'UT' || name === 'UR';
  for (const raw of isOneValue ? [text] : text.split('\\')) {
    const single = trimPadding(raw, 'both-ends');
    if (single === '') continue;
    const fault = read?.(single) ?? (isStrict ? nonconformity(name, single) : undefined);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Numbers that came out as JSON numbers were read; integers need a look at their size too. */
function isPlainNumber(vr: string, json: string): boolean {
  if (json.includes('"')) return false;
  return vr === 'DS' || (vr === 'IS' && json.length <= 9 && !/[.eE]/.test(json));
}

function isInt32(text: string): boolean {
  return integer.test(text) && Number(text) === (Number(text) | 0);
}

function nonconformity(vr: string, value: string): string | undefined {
  const max = lengthMax[vr];
  if (vr === 'PN') return nameNonconformity(value);
  if (max !== undefined && Array.from(value).length > max)
    return `is longer than ${max} characters`;
  if (vr === 'CS') return codeString.test(value) ? undefined : 'is no code string';
  if (vr === 'UI')
    return /(?:^|\.)0\d/.test(value) ? 'has a component with a leading zero' : undefined;
  const isLong = vr === 'LT' || vr === 'ST' || vr === 'UT';
  return (isLong ? control : controlOrLine).test(value) ? 'has control characters' : undefined;
}

function nameNonconformity(value: string): string | undefined {
  const groups = value.split('=');
  if (groups.length > 3) return 'has more than three component groups';
  for (const group of groups) {
    if (Array.from(group).length > 64) return 'has a component group longer than 64 characters';
    if (group.split('^').length > 5) return 'has more than five components';
    if (controlOrLine.test(group)) return 'has control characters';
  }
  return undefined;
}
