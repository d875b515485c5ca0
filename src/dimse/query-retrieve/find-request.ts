import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { combineDateTime, dateTimePairs } from '#engine/query/date-time-pairs.js';
import { parseQueryValue } from '#engine/query/parse-query-value.js';
import type {
  AttributeReference,
  MomentRange,
  QueryCondition,
  QueryExpression,
} from '#engine/query/query-expression.js';
import type { NegotiatedOptions } from './extended-negotiation.js';
import { keyText } from './identifier.js';
import { recordLevels } from './information-models.js';
import type { InformationModel, RetrieveLevel } from './information-models.js';
import { findQueryKey } from './query-keys.js';
import type { QueryKey } from './query-keys.js';
import { readLevel, requireUniqueKeys } from './unique-keys.js';

/** A key to be returned. Of a sequence the members named, or all. */
export interface ReturnKey {
  readonly key: QueryKey;
  readonly members?: readonly string[];
}

/** What a C-FIND asks for. */
export interface FindRequest {
  readonly level: RetrieveLevel;
  /** Without a page. */
  readonly query: Omit<QueryExpression, 'limit' | 'offset'>;
  readonly returnKeys: readonly ReturnKey[];
  /** Optional keys are not supported, for existence or for the value given (PS3.4 §C.4.1.1.4, status FF01). */
  readonly hasUnsupportedKeys: boolean;
}

/** Attributes of an identifier that are no keys: character set, level, view, retrieve AE title, timezone. */
const otherTags: ReadonlySet<string> = new Set([
  '00080005',
  '00080052',
  '00080053',
  '00080054',
  '00080201',
]);

/**
 * Reads the identifier of a C-FIND request, PS3.4 §C.4.1.1.3. Throws `bad-request` for a level the model does not have, a unique
 * key above the level that is missing in a hierarchical query, and a value that its VR does not allow.
 *
 * More lenient than the standard: a hierarchical query too may ask for, and match, attributes of the levels above.
 */
export function parseFindRequest(
  identifier: JsonDataSet,
  model: InformationModel,
  options: NegotiatedOptions,
): FindRequest {
  const level = readLevel(identifier, model);
  if (!options.isRelational) requireUniqueKeys(identifier, model, level);
  const moments = options.isDateTimeCombined ? readMomentRanges(identifier, level) : [];
  const combinedTags = new Set(
    moments.flatMap(({ attribute, timeAttribute }) => [attribute.tag, timeAttribute.tag]),
  );
  const parser = new KeyParser(level, options.isFuzzy);
  parser.conditions.push(...moments);
  for (const [tag, element] of Object.entries(identifier)) {
    if (!otherTags.has(tag))
      parser.add(tag, combinedTags.has(tag) ? withoutValue(element) : element);
  }
  if (parser.conditions.length > limits.queryConditionCountMax) {
    throw new GantryError('bad-request', 'too many matching keys');
  }
  const { conditions, returnKeys, hasUnsupportedKeys } = parser;
  const query = { partition: 0, level: recordLevels[level], conditions };
  return { level, query, returnKeys, hasUnsupportedKeys };
}

function withoutValue({ vr }: JsonElement): JsonElement {
  return { vr };
}

function readMomentRanges(identifier: JsonDataSet, level: RetrieveLevel): MomentRange[] {
  return dateTimePairs.flatMap((pair) => {
    if (findQueryKey(level, pair.dateTag) === undefined) return [];
    const range = combineDateTime(pair, {
      date: keyText(identifier[pair.dateTag]),
      time: keyText(identifier[pair.timeTag]),
    });
    return range === undefined ? [] : [range];
  });
}

class KeyParser {
  readonly conditions: QueryCondition[] = [];
  readonly returnKeys: ReturnKey[] = [];
  hasUnsupportedKeys = false;
  readonly #level: RetrieveLevel;
  readonly #fuzzyNames: boolean;

  constructor(level: RetrieveLevel, fuzzyNames: boolean) {
    this.#level = level;
    this.#fuzzyNames = fuzzyNames;
  }

  add(tag: string, element: JsonElement): void {
    const key = findQueryKey(this.#level, tag);
    if (key === undefined) {
      this.hasUnsupportedKeys = true;
    } else if (key.vr === 'SQ') {
      this.#addSequence(key, element);
    } else {
      this.returnKeys.push({ key });
      this.#match({ tag }, keyText(element), key.isMatched);
    }
  }

  /** A sequence of one item, whose elements are keys in turn (PS3.4 §C.2.2.2.6); without one everything is returned. */
  #addSequence(key: QueryKey, element: JsonElement): void {
    const [item] = (element.Value ?? []) as JsonDataSet[];
    const members = Object.keys(item ?? {});
    this.returnKeys.push(members.length === 0 ? { key } : { key, members });
    for (const memberTag of members) {
      const isMatched = key.matchedMembers.includes(memberTag);
      this.#match({ tag: key.tag, memberTag }, keyText(item?.[memberTag]), isMatched);
    }
  }

  #match(attribute: AttributeReference, text: string, isMatched: boolean): void {
    if (!isMatched) {
      this.hasUnsupportedKeys ||= text !== '';
      return;
    }
    const level = recordLevels[this.#level];
    const options = { fuzzyNames: this.#fuzzyNames };
    const condition = parseQueryValue(level, attribute, text, options);
    if (condition !== undefined) this.conditions.push(condition);
  }
}
