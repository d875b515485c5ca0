import { searchedColumn } from '#engine/query/index-columns.js';
import { prepareTests, type ValueTest } from '#engine/query/matching.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import { hasWildcard } from '#engine/query/wildcard.js';
import type { CatalogReader, NameStretch } from '#engine/store/catalog/catalog-reader.js';
import { isUnplaced, studyOfPlace, type StudyPlace } from '#engine/store/catalog/study-order.js';
import type { CatalogPlan } from './catalog-plan.js';
import { isOfStudyList, placeBehind } from './ordered-plan.js';

/** Keys of names that are looked at before other plans, a millisecond or two on this thread, and before the index is asked. */
const keysMax = { first: 2_048, last: 8_192 } as const;

/** Records that are read because keys do not tell all that the query asks. */
const checkedRecordsMax = 512;

const patientNameTag = '00100010';

/**
 * Answers a search for studies by the patient's name, or its beginning, from the keys of names. They tell the place of each study
 * in the usual order, so that of a page only its own records are read. Undefined when that many patients have such a name that
 * others are better, and for names that begin with a wildcard. `turn`: many names are gone through only when nothing but the index
 * is left, which looks at all that there are.
 */
export function planByPatientName(
  reader: CatalogReader,
  query: QueryExpression,
  turn: keyof typeof keysMax,
): CatalogPlan | undefined {
  const tests = nameTestsOf(query);
  const name = tests === undefined ? undefined : nameStretchOf(tests[0]);
  if (name === undefined) return undefined;
  const { partition, conditions } = query;
  const keysTellAll =
    name.isWhole && conditions.length === 1 && tests?.length === 1 && isOfStudyList(query);
  if (turn === 'last' && !keysTellAll) return undefined;
  const found = reader.placesByPatientName(partition, name, keysMax[turn]);
  if (found === undefined) return undefined;
  const places = [...new Set(found)];
  const wanted = keysTellAll ? placesOfPage(places, query) : places;
  if (wanted === places && places.length > checkedRecordsMax) return undefined;
  const studies = reader.readStudies(partition, wanted.map(studyOfPlace));
  const records = { studies, series: [], instances: [] };
  const isInOrder = wanted !== places && !wanted.some(isUnplaced);
  return { name: 'patient-name', keyCount: places.length, query, records, isInOrder };
}

/** What the query asks of the patient's name, by its component groups. */
function nameTestsOf({ level, conditions }: QueryExpression): ValueTest[] | undefined {
  if (level !== 'study') return undefined;
  const condition = conditions.find(({ attribute }) => attribute.tag === patientNameTag);
  if (condition === undefined) return undefined;
  return prepareTests(searchedColumn(level, condition.attribute), condition);
}

/** Names among which those that pass the test are; `isWhole` when all of them do. */
interface TestedStretch extends NameStretch {
  readonly isWhole: boolean;
}

function nameStretchOf(test: ValueTest | undefined): TestedStretch | undefined {
  if (test?.kind === 'equals') {
    return { text: String(test.value), isPrefix: false, isWhole: true };
  }
  if (test?.kind !== 'wildcard') return undefined;
  const { pattern } = test;
  const text = /^[^*?]*/.exec(pattern)![0];
  if (text === '') return undefined;
  const isWhole = pattern.length === text.length + 1 && pattern.endsWith('*');
  return { text, isPrefix: hasWildcard(pattern), isWhole };
}

/** The first studies in the usual order, up to the one behind the page, and those whose record has to tell where they stand. */
function placesOfPage(places: readonly StudyPlace[], query: QueryExpression): StudyPlace[] {
  const { offset, limit } = query;
  const behind = placeBehind(query);
  const placed = places
    .filter((place) => !isUnplaced(place) && (behind === undefined || place > behind))
    .sort((left, right) => (left < right ? -1 : 1));
  return [...places.filter(isUnplaced), ...placed.slice(0, offset + limit + 1)];
}
