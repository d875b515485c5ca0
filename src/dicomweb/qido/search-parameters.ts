import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import {
  computedAttributes,
  indexedAttributes,
  type IndexedAttribute,
  type QueryLevel,
} from '#engine/dicom/indexed-attributes.js';
import { parseQueryValue } from '#engine/query/parse-query-value.js';
import type { QueryCondition, QueryExpression } from '#engine/query/query-expression.js';
import type { ReturnFields } from '#engine/query/row-to-json.js';

/** Where a search is rooted: the resource of the URL (PS3.18 Table 10.6.1-1). */
export interface SearchTarget {
  readonly partition: number;
  readonly level: QueryLevel;
  readonly studyInstanceUid?: string;
  readonly seriesInstanceUid?: string;
}

export interface SearchRequest {
  readonly query: QueryExpression;
  readonly fields: ReturnFields;
  /** Texts for the Warning header: what was asked for and not done. */
  readonly warnings: readonly string[];
}

/** Parameters of PS3.18 §8.3.4 and of the protocol around it; none of them is an attribute. */
const otherParameters: ReadonlySet<string> = new Set([
  '',
  'accept',
  'charset',
  'emptyvaluematching',
  'multiplevaluematching',
]);

const depthOf: Record<QueryLevel, number> = { study: 0, series: 1, instance: 2 };

const searchable = new Map<string, IndexedAttribute>();
for (const attribute of [...computedAttributes, ...indexedAttributes]) {
  if (attribute.keyword === 'RetrieveURL') continue;
  searchable.set(attribute.keyword, attribute);
  searchable.set(attribute.tag, attribute);
}

/**
 * Query parameters of a Search transaction (PS3.18 §10.6.1.2) as a query expression. Unknown attributes are ignored with a
 * warning, as §8.3.4.1 asks; values that cannot be understood are `bad-request`.
 */
export function parseSearchParameters(
  parameters: readonly (readonly [name: string, value: string])[],
  target: SearchTarget,
  allowed: { readonly limitDefault: number; readonly limitMax: number },
): SearchRequest {
  const conditions: QueryCondition[] = [];
  const warnings: string[] = [];
  const include = new Set<string>();
  let limit = allowed.limitDefault;
  let offset = 0;
  const isFuzzy = parameters.some(([name, value]) => name === 'fuzzymatching' && value === 'true');
  for (const [name, value] of parameters) {
    if (name === 'limit') limit = Math.min(parseCount(name, value), allowed.limitMax);
    else if (name === 'offset') offset = parseCount(name, value);
    else if (name === 'includefield') for (const field of value.split(',')) include.add(field);
    else if (name === 'fuzzymatching' || otherParameters.has(name)) continue;
    else {
      const condition = parseCondition(name, value, target.level, isFuzzy);
      if (condition === 'unknown') warnings.push(`The parameter ${printable(name)} was ignored.`);
      else if (condition !== undefined) conditions.push(condition);
    }
  }
  if (conditions.length > limits.queryConditionCountMax) {
    throw new GantryError('bad-request', 'too many matching parameters');
  }
  if (offset > limits.queryOffsetMax) throw new GantryError('bad-request', 'offset is too large');
  const query: QueryExpression = Object.freeze({ ...target, conditions, limit, offset });
  return { query, fields: returnFields(target, include), warnings };
}

function parseCondition(
  name: string,
  value: string,
  level: QueryLevel,
  isFuzzy: boolean,
): QueryCondition | undefined | 'unknown' {
  const [path, member, ...deeper] = name.split('.');
  const attribute = searchable.get(isTag(path!) ? path!.toUpperCase() : path!);
  if (attribute === undefined || deeper.length > 0) return 'unknown';
  if (depthOf[attribute.level] > depthOf[level]) return 'unknown';
  const memberTag = member === undefined ? undefined : memberTagOf(attribute, member);
  if (member !== undefined && memberTag === undefined) return 'unknown';
  if (member === undefined && attribute.vr === 'SQ') return 'unknown';
  const { tag } = attribute;
  return parseQueryValue(level, memberTag === undefined ? { tag } : { tag, memberTag }, value, {
    fuzzyNames: isFuzzy,
  });
}

function memberTagOf(attribute: IndexedAttribute, member: string): string | undefined {
  const tag = isTag(member) ? member.toUpperCase() : searchable.get(member)?.tag;
  const known = tag ?? sequenceMembers.get(member);
  return known !== undefined && attribute.searchPaths?.includes(known) === true ? known : undefined;
}

/** Keywords of members that are not attributes of a level themselves. */
const sequenceMembers = new Map([['ScheduledProcedureStepID', '00400009']]);

/**
 * A hierarchical search returns the attributes of its own level, a relational one those of the levels above as well
 * (PS3.18 §10.6.3.3).
 */
function returnFields(target: SearchTarget, include: ReadonlySet<string>): ReturnFields {
  const levels: QueryLevel[] = [target.level];
  if (target.level !== 'study' && target.studyInstanceUid === undefined) levels.push('study');
  if (target.level === 'instance' && target.seriesInstanceUid === undefined) levels.push('series');
  if (include.has('all')) return { levels, include: 'all' };
  const tags = new Set<string>();
  for (const field of include) {
    const attribute = searchable.get(isTag(field) ? field.toUpperCase() : field);
    if (attribute !== undefined) tags.add(attribute.tag);
  }
  return { levels, include: tags };
}

function parseCount(name: string, value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) {
    throw new GantryError('bad-request', `${name} is not an unsigned integer`);
  }
  return Number(value);
}

function isTag(name: string): boolean {
  return /^[0-9A-Fa-f]{8}$/.test(name);
}

/** A name as it may be repeated in a header: a sender could otherwise inject one. */
function printable(name: string): string {
  return name.slice(0, 64).replace(/[^A-Za-z0-9.]/g, '?');
}
