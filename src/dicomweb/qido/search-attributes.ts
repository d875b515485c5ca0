import { tagHex, tagOfKeyword } from '#engine/dicom/dictionary/dictionary.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { findIndexColumn } from '#engine/query/index-columns.js';
import type { AttributeReference } from '#engine/query/query-expression.js';

/** Tag of an attribute named by keyword or by tag, PS3.18 §8.3.4.1; undefined for what is neither. */
export function tagOfName(name: string): string | undefined {
  if (/^[0-9A-Fa-f]{8}$/.test(name)) return name.toUpperCase();
  const tag = tagOfKeyword(name);
  return tag === undefined ? undefined : tagHex(tag);
}

/**
 * The attribute that a parameter of a search on `level` names; members of sequences are named by a path, `Sequence.Member`.
 * Undefined when there is none or it cannot be searched there.
 */
export function findSearchAttribute(
  level: QueryLevel,
  name: string,
): AttributeReference | undefined {
  const [first = '', member, ...deeper] = name.split('.', 3);
  const tag = tagOfName(first);
  const memberTag = member === undefined ? undefined : tagOfName(member);
  if (tag === undefined || deeper.length > 0) return undefined;
  if (member !== undefined && memberTag === undefined) return undefined;
  const reference = memberTag === undefined ? { tag } : { tag, memberTag };
  return findIndexColumn(level, reference) === undefined ? undefined : reference;
}
