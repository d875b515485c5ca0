import { JsonCursor } from './json-cursor.js';

/** Decides about one element; those of items, whose sequence was kept, are nested. */
export type ElementFilter = (tag: string, vr: string, isNested: boolean) => boolean;

const comma = Buffer.from(',');

/**
 * The DICOM JSON object without the elements that `keeps` refuses, at any depth. `json` is UTF-8 and ours: compact, and `vr` comes
 * first in each element. What is kept is copied as it is.
 */
export function filterJsonModel(json: Uint8Array, keeps: ElementFilter): Uint8Array {
  const filtering = { cursor: new JsonCursor(json), json, keeps, pieces: [] };
  filterDataSet(filtering, false);
  return Buffer.concat(filtering.pieces);
}

interface Filtering {
  readonly cursor: JsonCursor;
  readonly json: Uint8Array;
  readonly keeps: ElementFilter;
  readonly pieces: Uint8Array[];
}

function filterDataSet(filtering: Filtering, isNested: boolean): void {
  const { cursor, json, keeps, pieces } = filtering;
  const open = pieces.push(Buffer.from('{'));
  cursor.expect('{');
  while (!cursor.take('}')) {
    const start = cursor.position;
    const tag = cursor.string();
    cursor.expect(':{"vr":');
    const vr = cursor.string();
    if (!keeps(tag, vr, isNested)) {
      cursor.toObjectEnd();
    } else {
      if (pieces.length > open) pieces.push(comma);
      if (vr === 'SQ' && cursor.take(',"Value":[')) {
        pieces.push(json.subarray(start, cursor.position));
        filterItems(filtering);
        pieces.push(Buffer.from(']}'));
      } else {
        cursor.toObjectEnd();
        pieces.push(json.subarray(start, cursor.position + 1));
      }
    }
    cursor.expect('}');
    cursor.take(',');
  }
  pieces.push(Buffer.from('}'));
}

function filterItems(filtering: Filtering): void {
  const { cursor, pieces } = filtering;
  for (let isFirst = true; !cursor.take(']'); isFirst = false) {
    if (!isFirst) pieces.push(comma);
    filterDataSet(filtering, true);
    cursor.take(',');
  }
}
