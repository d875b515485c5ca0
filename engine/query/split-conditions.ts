import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import { itemsColumn, memberTagsOf, searchedColumn, type IndexColumn } from './index-columns.js';
import { prepareTests, type ValueTest } from './matching.js';
import type { QueryCondition } from './query-expression.js';

/** What a query asks of the members of one sequence; some item must pass all tests (PS3.4 §C.2.2.2.6). */
export interface ItemTests {
  /** Holds the items. */
  readonly column: IndexColumn;
  readonly members: readonly MemberTests[];
}

export interface MemberTests {
  readonly column: IndexColumn;
  /** Which of the members of an item it is. */
  readonly place: number;
  readonly tests: readonly ValueTest[];
}

/** The conditions of a query: those on members of sequences by sequence, and the others, each by itself. */
export interface SplitConditions {
  readonly alone: readonly QueryCondition[];
  readonly items: readonly ItemTests[];
}

/** Throws `bad-request` as `prepareTests`. */
export function splitConditions(
  level: QueryLevel,
  conditions: readonly QueryCondition[],
): SplitConditions {
  const alone = conditions.filter(({ attribute }) => attribute.memberTag === undefined);
  const ofMembers = conditions.filter(({ attribute }) => attribute.memberTag !== undefined);
  const sequenceTags = new Set(ofMembers.map(({ attribute }) => attribute.tag));
  const items = [...sequenceTags].map((tag) => {
    const members = ofMembers
      .filter(({ attribute }) => attribute.tag === tag)
      .map((condition) => memberTests(level, condition));
    return { column: itemsColumn(members[0]!.column), members };
  });
  return { alone, items };
}

function memberTests(level: QueryLevel, condition: QueryCondition): MemberTests {
  const column = searchedColumn(level, condition.attribute);
  const place = memberTagsOf(column).indexOf(column.memberTag ?? '');
  return { column, place, tests: prepareTests(column, condition) };
}
