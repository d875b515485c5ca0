import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import { orderOf, positionOf, type OrderKey } from '#engine/query/match-order.js';
import type { OrderTerm, QueryExpression } from '#engine/query/query-expression.js';
import type { ReturnFields } from '#engine/query/row-text.js';
import type { Dialect } from '../dialect.js';
import { isMatchedInAzure, type SearchedResource } from './azure-search.js';
import { parseMatches, type NamedValue } from './parse-matches.js';
import { decodeRecordKey, encodeRecordKey } from './record-key.js';
import { patientCountTags } from '#src/search/patient-counts.js';
import { isReturnable, patientFields, returnFields } from './return-fields.js';
import { findSearchAttribute, tagOfName } from './search-attributes.js';

/** Where a search is rooted: the resource of the URL (PS3.18 Table 10.6.1-1), or the patients of the store. */
export interface SearchTarget extends SearchedResource {
  readonly partition: number;
  /** Rows are those of patients; the level is `study`. */
  readonly isByPatient?: true;
}

/** How the parameters are read. */
export interface SearchRules {
  readonly dialect: Dialect;
  readonly limitDefault: number;
  readonly limitMax: number;
  readonly phoneticNames: boolean;
  /** Whether `explain` is obeyed. */
  readonly mayExplain: boolean;
}

export interface SearchRequest {
  readonly query: QueryExpression;
  readonly fields: ReturnFields;
  /** Texts for the Warning header: what was asked for and not done. */
  readonly warnings: readonly string[];
  /** The answer says how it was found. */
  readonly isExplained: boolean;
}

const recordKeyTag = '0008041B';
const priorRecordKeyTag = '0008041C';
/** Attributes and parameters of each kind that Warnings name; headers have to stay short. */
const namedMax = 16;

/**
 * Query parameters of a Search transaction (PS3.18 §8.3.4 and §10.6.1.2, and what docs/CONFORMANCE.md says beyond) as a query
 * expression. Throws `bad-request` for values that cannot be understood and for what the dialect refuses.
 */
export function parseSearchParameters(
  parameters: readonly (readonly [name: string, value: string])[],
  target: SearchTarget,
  rules: SearchRules,
): SearchRequest {
  const reader = new ParameterReader(target, rules);
  for (const [name, value] of parameters) reader.take(name, value);
  return reader.finish();
}

/** Takes the parameters one by one, in any order. */
class ParameterReader {
  readonly #target: SearchTarget;
  readonly #rules: SearchRules;
  readonly #warnings = new Set<string>();
  readonly #values: NamedValue[] = [];
  readonly #included = new Set<string>();
  readonly #unkept = new Set<string>();
  readonly #seen = new Set<string>();
  #includesAll = false;
  #limit: number;
  #offset = 0;
  #isFuzzy = false;
  #emptyValues = false;
  #multipleValues = false;
  #isExplained = false;
  #orderBy: readonly OrderTerm[] = [];
  #after: string | undefined;

  constructor(target: SearchTarget, rules: SearchRules) {
    this.#target = target;
    this.#rules = rules;
    this.#limit = rules.limitDefault;
  }

  take(name: string, value: string): void {
    switch (name) {
      case '':
        return;
      case 'includefield':
        for (const field of value.split(',')) this.#include(field.trim());
        return;
      case 'limit':
        this.#limit = this.#parseLimit(value);
        break;
      case 'offset':
        this.#offset = parseCount(name, value);
        break;
      case 'fuzzymatching':
        this.#isFuzzy = parseBoolean(name, value);
        break;
      case 'emptyvaluematching':
        this.#emptyValues = this.#parseStandardBoolean(name, value);
        break;
      case 'multiplevaluematching':
        this.#multipleValues = this.#parseStandardBoolean(name, value);
        break;
      case 'explain':
        this.#explain(this.#parseStandardBoolean(name, value));
        break;
      case 'orderby':
        this.#orderBy = parseOrder(this.#target, value);
        break;
      case 'after':
        this.#after = value;
        break;
      case 'accept':
      case 'charset':
        return;
      default:
        this.#takeAttribute(name, value);
        return;
    }
    this.#refuseRepetition(name, name);
  }

  finish(): SearchRequest {
    const { dialect, phoneticNames } = this.#rules;
    const { partition, level, studyInstanceUid, seriesInstanceUid, isByPatient } = this.#target;
    if (this.#offset > limits.queryOffsetMax) {
      throw new GantryError('bad-request', 'offset is too large');
    }
    if (this.#includesAll && this.#included.size > 0 && dialect.name === 'azure') {
      throw new GantryError('bad-request', 'includefield=all stands alone');
    }
    const conditions = parseMatches(level, this.#values, {
      fuzzyNames: this.#isFuzzy,
      phoneticNames: phoneticNames && this.#isFuzzy,
      emptyValues: this.#emptyValues,
      multipleValues: this.#multipleValues,
      literalWildcards: !dialect.searchWildcards,
      ignoresCase: dialect.searchIgnoresCase,
    });
    const base: QueryExpression = {
      partition,
      level,
      ...(studyInstanceUid === undefined ? {} : { studyInstanceUid }),
      ...(seriesInstanceUid === undefined ? {} : { seriesInstanceUid }),
      ...(isByPatient === undefined ? {} : { isByPatient }),
      conditions,
      ...(this.#orderBy.length === 0 ? {} : { orderBy: this.#orderBy }),
      limit: this.#limit,
      offset: this.#offset,
    };
    const order = orderOf(base);
    const after = this.#after === undefined ? undefined : decodeRecordKey(order, this.#after);
    const query = Object.freeze(after === undefined ? base : { ...base, after });
    const unkept = [...this.#unkept].join(', ');
    const more = unkept === '' ? [] : [`Not kept for searches, and left out: ${unkept}.`];
    return {
      query,
      fields: this.#fields(order),
      warnings: [...this.#warnings, ...more],
      isExplained: this.#isExplained,
    };
  }

  #fields(order: readonly OrderKey[]): ReturnFields {
    const tags = new Set([
      ...this.#included,
      ...this.#values.map(({ reference }) => reference.tag),
    ]);
    const wanted = { all: this.#includesAll, tags };
    const fields =
      this.#target.isByPatient === true
        ? patientFields
        : returnFields(this.#target, wanted, this.#rules.dialect.searchReturnSet);
    if (!tags.has(recordKeyTag)) return fields;
    return {
      ...fields,
      recordKeyOf: (match) => encodeRecordKey(order, positionOf(order, match)).toString('base64'),
    };
  }

  #explain(isWanted: boolean): void {
    this.#isExplained = isWanted && this.#rules.mayExplain;
    if (isWanted && !this.#rules.mayExplain) {
      this.#warnings.add('The parameter explain was ignored: it is for administrators.');
    }
  }

  #include(field: string): void {
    if (field === 'all') {
      this.#includesAll = true;
      return;
    }
    if (field === '') return;
    const tag = tagOfName(field.split('.', 1)[0] ?? '');
    if (tag !== undefined) this.#included.add(tag);
    else if (this.#rules.dialect.searchUnknown === 'refused') {
      throw new GantryError('bad-request', `includefield: ${printable(field)} is no attribute`);
    }
    const isPatientCount = this.#target.isByPatient === true && patientCountTags.has(tag ?? '');
    if (isPatientCount || (tag !== undefined && (tag === recordKeyTag || isReturnable(tag))))
      return;
    if (this.#unkept.size < namedMax) this.#unkept.add(printable(field));
  }

  #takeAttribute(name: string, value: string): void {
    const { dialect } = this.#rules;
    const tag = tagOfName(name);
    if (tag === recordKeyTag || tag === priorRecordKeyTag) {
      this.#included.add(recordKeyTag);
      if (tag === priorRecordKeyTag && value !== '') this.#after = value;
      return;
    }
    const reference = findSearchAttribute(this.#target.level, name);
    const isMatched =
      reference !== undefined &&
      (dialect.searchKeys === 'all' || isMatchedInAzure(this.#target, reference.tag));
    if (!isMatched) {
      if (dialect.searchUnknown === 'refused') {
        throw new GantryError('bad-request', `${printable(name)} cannot be searched here`);
      }
      if (this.#warnings.size < namedMax) {
        this.#warnings.add(`The parameter ${printable(name)} was ignored.`);
      }
      return;
    }
    this.#refuseRepetition(`${reference.tag}.${reference.memberTag ?? ''}`, name);
    if (value.trim() === '' && dialect.searchEmpty === 'refused') {
      throw new GantryError('bad-request', `${printable(name)} has no value`);
    }
    this.#values.push({ reference, value });
    if (this.#values.length > limits.queryConditionCountMax) {
      throw new GantryError('bad-request', 'too many matching parameters');
    }
  }

  #refuseRepetition(key: string, name: string): void {
    if (this.#rules.dialect.searchRepeated !== 'refused') return;
    if (this.#seen.has(key)) {
      throw new GantryError('bad-request', `${printable(name)} is given twice`);
    }
    this.#seen.add(key);
  }

  #parseLimit(value: string): number {
    const { dialect, limitMax } = this.#rules;
    const limit = parseCount('limit', value);
    if (dialect.name === 'azure' && (limit < 1 || limit > limitMax)) {
      throw new GantryError('bad-request', `limit is not between 1 and ${limitMax}`);
    }
    return Math.min(limit, limitMax);
  }

  /** A parameter that the Azure service does not know. */
  #parseStandardBoolean(name: string, value: string): boolean {
    if (this.#rules.dialect.searchUnknown === 'refused') {
      throw new GantryError('bad-request', `${name} is no parameter`);
    }
    return parseBoolean(name, value);
  }
}

/**
 * `orderby=-StudyDate,PatientName`: attributes by keyword or tag, a hyphen before those that descend. One that is named again
 * orders nothing and is left out: what a position means in SQL grows with the square of their number.
 */
function parseOrder(target: SearchTarget, value: string): OrderTerm[] {
  const terms = new Map<string, OrderTerm>();
  for (const text of value.split(',')) {
    const term = text.trim();
    const isDescending = term.startsWith('-');
    const name = term.replace(/^[-+]/, '');
    const attribute = findSearchAttribute(target.level, name);
    if (attribute === undefined) {
      throw new GantryError('bad-request', `${printable(name)} is nothing to order by here`);
    }
    const key = `${attribute.tag}.${attribute.memberTag ?? ''}`;
    if (!terms.has(key)) terms.set(key, { attribute, isDescending });
  }
  return [...terms.values()];
}

function parseCount(name: string, value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) {
    throw new GantryError('bad-request', `${name} is not an unsigned integer`);
  }
  return Number(value);
}

function parseBoolean(name: string, value: string): boolean {
  const text = value.toLowerCase();
  if (text === 'true' || text === 'false') return text === 'true';
  throw new GantryError('bad-request', `${name} is neither true nor false`);
}

/** A name as it may be repeated in a header: a sender could otherwise inject one. */
function printable(name: string): string {
  return name.slice(0, 64).replace(/[^A-Za-z0-9.]/g, '?');
}
