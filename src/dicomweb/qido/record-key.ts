import { createHash } from 'node:crypto';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { OrderKey } from '#engine/query/match-order.js';
import type { QueryPosition } from '#engine/query/query-expression.js';

/**
 * A position as clients get it, opaque to them: in `after` of the link to the next page, and as Record Key (0008,041B), PS3.4
 * §C.6.4. It is made of what the row has of the keys of the order, so it holds as long as the order does and needs nothing kept.
 */
export function encodeRecordKey(order: readonly OrderKey[], position: QueryPosition): Buffer {
  return Buffer.from(JSON.stringify([nameOf(order), ...position]));
}

/** The position of a key that came as base64, of either alphabet. Throws `bad-request` unless it is one of this order. */
export function decodeRecordKey(order: readonly OrderKey[], text: string): QueryPosition {
  // A `+` that was not percent-encoded has become a space.
  const json = Buffer.from(text.replaceAll(' ', '+'), 'base64').toString();
  const [name, ...position] = parseArray(json);
  const isPosition =
    name === nameOf(order) &&
    position.length === order.length &&
    order.every(({ column }, n) => isValueOf(column.type, position[n]));
  if (!isPosition) throw invalid();
  return position as QueryPosition;
}

function isValueOf(type: 'VARCHAR' | 'DOUBLE', value: unknown): boolean {
  return value === null || typeof value === (type === 'DOUBLE' ? 'number' : 'string');
}

function parseArray(json: string): unknown[] {
  try {
    const value: unknown = JSON.parse(json);
    if (Array.isArray(value)) return value as unknown[];
  } catch {
    throw invalid();
  }
  throw invalid();
}

function invalid(): GantryError {
  return new GantryError('bad-request', 'the key to continue from is none of this search');
}

/** Tells the orders apart that a key could be of. */
function nameOf(order: readonly OrderKey[]): string {
  const text = order
    .map(({ column, isDescending }) => `${isDescending ? '-' : ''}${column.level}.${column.name}`)
    .join();
  return createHash('sha256').update(text).digest('base64url').slice(0, 8);
}
