import type { JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { encodeTextCell } from './index-cell.js';
import { toSearchText } from '#engine/dicom/encoding/search-text.js';

/**
 * The items of a sequence as a search sees them: for each searchable member, all of which are text, its normalised values. Keys
 * of one sequence must match within one item (PS3.4 §C.2.2.2.6), which the cells of the single members cannot tell.
 */
export type ItemValues = readonly (readonly string[])[];

/** A sequence that is absent or empty counts as one empty item: its members have no value, which can be asked for. */
export function readItems(
  sequence: JsonElement | undefined,
  memberTags: readonly string[],
): readonly ItemValues[] {
  const items: ItemValues[] = [];
  for (const item of sequence?.Value ?? []) {
    if (typeof item !== 'object' || item === null) continue;
    const members = item as Readonly<Record<string, JsonElement | undefined>>;
    items.push(memberTags.map((tag) => readTexts(members[tag])));
  }
  return items.length > 0 ? items : [memberTags.map(() => [])];
}

function readTexts(element: JsonElement | undefined): string[] {
  const texts: string[] = [];
  for (const value of element?.Value ?? []) {
    if (value === null || typeof value === 'object') continue;
    const text = toSearchText(String(value));
    if (text !== '') texts.push(text);
  }
  return texts;
}

/** Control characters that no value holds (search-text.ts) part the items of a cell, and the members of an item. */
const itemSeparator = '\u001E';
const memberSeparator = '\u001D';

/** The cell of a sequence: its items, of each the cells of its members (index-cell.ts); null when there is no value at all. */
export function encodeItems(items: readonly ItemValues[]): string | null {
  if (items.every((item) => item.every((values) => values.length === 0))) return null;
  return items
    .map((item) => item.map((values) => encodeTextCell(values) ?? '').join(memberSeparator))
    .join(itemSeparator);
}

/** SQL: some item of the cell `place` fulfils `predicate`, which names the cell of a member by its number in the item. */
export function someItemSql(
  place: string,
  predicate: (memberSql: (member: number) => string) => string,
): string {
  const members = `string_split(item, ${characterSql(memberSeparator)})`;
  const condition = predicate((member) => `nullif(${members}[${member + 1}], '')`);
  const items = `string_split(coalesce(${place}, ''), ${characterSql(itemSeparator)})`;
  return `len(list_filter(${items}, lambda item: ${condition})) > 0`;
}

function characterSql(character: string): string {
  return `chr(${character.charCodeAt(0)})`;
}
