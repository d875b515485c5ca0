import { isDictionaryTag } from '#engine/dicom/dictionary/dictionary.js';
import { isKnownVr } from '#engine/dicom/dictionary/vr.js';

/** What the first bytes of a file are; `dataStart` is the position of the first data element. */
export type FileStart =
  | { readonly kind: 'part10'; readonly dataStart: number }
  /** File Meta Information without preamble and `DICM`. */
  | { readonly kind: 'file-meta'; readonly dataStart: 0 }
  /** A data set and nothing in front of it. */
  | { readonly kind: 'data-set'; readonly dataStart: 0 }
  | { readonly kind: 'unknown' };

export const preambleBytes = 128;
/** Preamble and `DICM`, PS3.10 §7.1. */
const magicEnd = preambleBytes + 4;
/** Bytes that `recogniseStart` looks at: up to the group number of the first data element. */
export const startBytes = magicEnd + 2;

// A data set without its file header is recognised only by an element that begins real ones, and of modest length.
const firstValueBytesMax = 1024;

/** Recognises the start of a file from its first bytes: `startBytes` of them, or all there are. */
export function recogniseStart(bytes: Uint8Array): FileStart {
  const kind = bareStart(bytes);
  if (hasMagic(bytes) && (kind === 'unknown' || isFileMetaTag(bytes, magicEnd))) {
    return { kind: 'part10', dataStart: magicEnd };
  }
  return kind === 'unknown' ? { kind } : { kind, dataStart: 0 };
}

function hasMagic(bytes: Uint8Array): boolean {
  return bytes[128] === 0x44 && bytes[129] === 0x49 && bytes[130] === 0x43 && bytes[131] === 0x4d;
}

function isFileMetaTag(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0x02 && bytes[at + 1] === 0x00;
}

function bareStart(bytes: Uint8Array): 'file-meta' | 'data-set' | 'unknown' {
  if (bytes.length < 8) return 'unknown';
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const group = view.getUint16(0, true);
  const tag = ((group << 16) | view.getUint16(2, true)) >>> 0;
  const hasVr = isKnownVr(view.getUint16(4, false));
  const hasModestLength =
    (hasVr ? view.getUint16(6, true) : view.getUint32(4, true)) <= firstValueBytesMax;
  if (!hasModestLength || !(isDictionaryTag(tag) || (tag & 0xffff) === 0)) return 'unknown';
  if (group === 0x0002) return 'file-meta';
  return group === 0x0008 ? 'data-set' : 'unknown';
}

/** Whether the element at `at` looks like one with an explicit VR: used where the transfer syntax is missing or lies. */
export function looksExplicit(bytes: Uint8Array, at: number): boolean {
  return isKnownVr(((bytes[at + 4] ?? 0) << 8) | (bytes[at + 5] ?? 0));
}

/** Whether the element at `at` looks like one without VR: no letters where a VR would be, and a modest length. */
export function looksImplicit(bytes: Uint8Array, at: number): boolean {
  return (bytes[at + 6] ?? 0) === 0 && (bytes[at + 7] ?? 0) === 0 && !looksExplicit(bytes, at);
}
