import { limits } from '#engine/base/limits.js';

/**
 * A Value Representation (PS3.5 §6.2) as a number: its two characters, first in the high byte, as they stand in an explicit VR
 * data set. Numbers keep the reader's loop free of strings.
 */
export type VrCode = number;

export function vrCode(name: string): VrCode {
  return (name.charCodeAt(0) << 8) | name.charCodeAt(1);
}

export const vrCodes = Object.freeze({
  AT: vrCode('AT'),
  CS: vrCode('CS'),
  LO: vrCode('LO'),
  OB: vrCode('OB'),
  OD: vrCode('OD'),
  OF: vrCode('OF'),
  OW: vrCode('OW'),
  SQ: vrCode('SQ'),
  SS: vrCode('SS'),
  UI: vrCode('UI'),
  UL: vrCode('UL'),
  UN: vrCode('UN'),
  US: vrCode('US'),
});

const names =
  'AE AS AT CS DA DS DT FD FL IS LO LT OB OD OF OL OV OW PN SH SL SQ SS ST SV TM UC UI UL UN UR US UT UV';
/** Value length of 32 bits after two reserved bytes, PS3.5 Table 7.1-1. */
const longNames = 'OB OD OF OL OV OW SQ SV UC UN UR UT UV';
/** Written as InlineBinary in the JSON model, PS3.18 §F.2.7. */
const binaryNames = 'OB OD OF OL OV OW UN';
/** May be replaced by a BulkDataURI, PS3.18 §F.2.6, and the 64-bit kinds added since. */
const bulkNames = 'DS FD FL IS LT SL SS ST SV UC UL US UT UV';

const knownFlag = 1;
const longFlag = 2;
const binaryFlag = 4;
const bulkFlag = 8;

// Indexed by code: a data set is read at a load per question.
const flagsOf = new Uint8Array(0x10000);
const nameOf = new Map<VrCode, string>();
for (const name of names.split(' ')) {
  const code = vrCode(name);
  nameOf.set(code, name);
  flagsOf[code] =
    knownFlag |
    (longNames.includes(name) ? longFlag : 0) |
    (binaryNames.includes(name) ? binaryFlag : 0) |
    (bulkNames.includes(name) ? bulkFlag : 0);
}

export function vrName(code: VrCode): string {
  return nameOf.get(code) ?? 'UN';
}

export function isKnownVr(code: number): boolean {
  return (flagsOf[code] ?? 0) !== 0;
}

export function hasLongLength(code: VrCode): boolean {
  return ((flagsOf[code] ?? 0) & longFlag) !== 0;
}

/** Whether the JSON model writes the value as base64. */
export function isBinaryVr(code: VrCode): boolean {
  return ((flagsOf[code] ?? 0) & binaryFlag) !== 0;
}

/** Longest value, in bytes, that metadata holds itself; a longer one is replaced by a BulkDataURI. */
export function inlineBytesMax(code: VrCode): number {
  const flags = flagsOf[code] ?? 0;
  if ((flags & binaryFlag) !== 0) return limits.inlineBinaryBytesMax;
  return (flags & bulkFlag) !== 0 ? limits.inlineValueBytesMax : Infinity;
}

/** Bytes of one word or number of a VR: what changes places between big and little endian, PS3.5 §7.3. */
export function wordBytes(code: VrCode): number {
  switch (vrName(code)) {
    case 'AT':
    case 'OW':
    case 'SS':
    case 'US':
      return 2;
    case 'FL':
    case 'OF':
    case 'OL':
    case 'SL':
    case 'UL':
      return 4;
    case 'FD':
    case 'OD':
    case 'OV':
    case 'SV':
    case 'UV':
      return 8;
    default:
      return 1;
  }
}
