import { dictionaryText } from './tags.generated.js';
import { type VrCode, vrCode, vrCodes } from './vr.js';

/** VRs of the dictionary that only other attributes of the data set decide, PS3.6 §6. */
export const ambiguousVr = Object.freeze({
  /** OB or OW. */
  ox: vrCode('ox'),
  /** US or SS, by Pixel Representation. */
  xs: vrCode('xs'),
  /** US or OW. */
  lt: vrCode('lt'),
});

const vrByTag = new Map<number, VrCode>();
for (let start = 0; start < dictionaryText.length;) {
  const lineEnd = dictionaryText.indexOf('\n', start);
  vrByTag.set(
    Number.parseInt(dictionaryText.slice(start, start + 8), 16),
    vrCode(dictionaryText.slice(start + 8, start + 10)),
  );
  start = lineEnd === -1 ? dictionaryText.length : lineEnd + 1;
}

interface KeywordTables {
  readonly keywordByTag: ReadonlyMap<number, string>;
  readonly tagByKeyword: ReadonlyMap<string, number>;
}

let keywordTables: KeywordTables | undefined;

// Made on first use: parse workers never ask for a keyword.
function keywords(): KeywordTables {
  if (keywordTables === undefined) {
    const keywordByTag = new Map<number, string>();
    const tagByKeyword = new Map<string, number>();
    for (const line of dictionaryText.split('\n')) {
      const tag = Number.parseInt(line.slice(0, 8), 16);
      keywordByTag.set(tag, line.slice(10));
      tagByKeyword.set(line.slice(10), tag);
    }
    keywordTables = { keywordByTag, tagByKeyword };
  }
  return keywordTables;
}

/** Tag of the dictionary entry for `tag`: repeating groups 50xx, 60xx and 7Fxx and element (0020,31xx), PS3.5 §7.6. */
function dictionaryTag(tag: number): number {
  const group = tag >>> 16;
  if ((group & 1) === 0) {
    const family = group & 0xff00;
    if (family === 0x5000 || family === 0x6000 || (family === 0x7f00 && group < 0x7fe0)) {
      return ((family << 16) | (tag & 0xffff)) >>> 0;
    }
  }
  return (tag & 0xffffff00) >>> 0 === 0x00203100 ? 0x00203100 : tag;
}

/**
 * VR of a tag without an explicit one. Group lengths are UL (PS3.5 §7.2), private creators LO (§7.8.1), other private and
 * unknown tags UN. The answer may be one of `ambiguousVr`.
 */
export function dictionaryVr(tag: number): VrCode {
  const vr = vrByTag.get(tag);
  if (vr !== undefined) return vr;
  const element = tag & 0xffff;
  if (element === 0) return vrCodes.UL;
  if (((tag >>> 16) & 1) === 1) {
    return element >= 0x10 && element <= 0xff ? vrCodes.LO : vrCodes.UN;
  }
  return vrByTag.get(dictionaryTag(tag)) ?? vrCodes.UN;
}

/** Whether PS3.6 lists the tag. */
export function isDictionaryTag(tag: number): boolean {
  return vrByTag.has(dictionaryTag(tag));
}

/** Keyword of a tag, e.g. `PatientName` for 0x00100010. */
export function keywordOfTag(tag: number): string | undefined {
  return keywords().keywordByTag.get(dictionaryTag(tag));
}

/** Tag of a keyword, case-sensitive as PS3.6 has it. */
export function tagOfKeyword(keyword: string): number | undefined {
  return keywords().tagByKeyword.get(keyword);
}

const hexOfByte = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).toUpperCase().padStart(2, '0'),
);

/** A tag as the JSON model writes it: eight upper-case hexadecimal digits, PS3.18 §F.2.2. */
export function tagHex(tag: number): string {
  return (
    (hexOfByte[tag >>> 24] ?? '') +
    (hexOfByte[(tag >>> 16) & 0xff] ?? '') +
    (hexOfByte[(tag >>> 8) & 0xff] ?? '') +
    (hexOfByte[tag & 0xff] ?? '')
  );
}

/** A tag as people write it, for error details: `(0010,0020)`. */
export function tagText(tag: number): string {
  const hex = tagHex(tag);
  return `(${hex.slice(0, 4)},${hex.slice(4)})`;
}
