import { JsonCursor } from './json-cursor.js';

/** Decides about one element, nested ones included. */
export type ElementFilter = (tag: string, vr: string) => boolean;

const comma = Buffer.from(',');

/**
 * The DICOM JSON object without the elements that `keeps` refuses, at any depth. `json` is UTF-8 and ours: compact, and `vr` comes
 * first in each element. What is kept is copied as it is.
 */
export function filterJsonModel(json: Uint8Array, keeps: ElementFilter): Uint8Array {
  const pieces: Uint8Array[] = [];
  filterDataSet(new JsonCursor(json), json, keeps, pieces);
  return Buffer.concat(pieces);
}

function filterDataSet(
  cursor: JsonCursor,
  json: Uint8Array,
  keeps: ElementFilter,
  pieces: Uint8Array[],
): void {
  const open = pieces.push(Buffer.from('{'));
  cursor.expect('{');
  while (!cursor.take('}')) {
    const start = cursor.position;
    const tag = cursor.string();
    cursor.expect(':{"vr":');
    const vr = cursor.string();
    if (!keeps(tag, vr)) {
      cursor.toObjectEnd();
    } else {
      if (pieces.length > open) pieces.push(comma);
      if (vr === 'SQ' && cursor.take(',"Value":[')) {
        pieces.push(json.subarray(start, cursor.position));
        filterItems(cursor, json, keeps, pieces);
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

function filterItems(
  cursor: JsonCursor,
  json: Uint8Array,
  keeps: ElementFilter,
  pieces: Uint8Array[],
): void {
  for (let isFirst = true; !cursor.take(']'); isFirst = false) {
    if (!isFirst) pieces.push(comma);
    filterDataSet(cursor, json, keeps, pieces);
    cursor.take(',');
  }
}
