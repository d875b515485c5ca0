import fc from 'fast-check';
import type { JsonDataSet, JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { indexColumns, readColumnValues, type IndexColumn } from '#engine/query/index-columns.js';
import { combineDateTime, dateTimePairs } from '#engine/query/date-time-pairs.js';
import type {
  AttributeReference,
  QueryCondition,
  QueryExpression,
} from '#engine/query/query-expression.js';
import type {
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '#engine/store/catalog/catalog-records.js';
import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';
import type { IndexFeed } from '#engine/threads/task-messages.js';

/**
 * Records and queries drawn from few words, so that they meet: texts of the same fragments, dates of a few days, small numbers.
 */
export interface GeneratedRecords {
  readonly studies: StudyRecord[];
  readonly series: SeriesRecord[];
  readonly instances: InstanceRecord[];
}

const word = fc.constantFrom(
  'a',
  'A',
  'ab',
  'ba',
  'Müller',
  'smith',
  'O_%',
  '\\d',
  '山田',
  '😀',
  '.+',
  "'; --",
  // Longer than what counts in an order.
  `${'é😀'.repeat(140)}a`,
);
const text = fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join(' '));
const personName = fc.array(fc.oneof(word, fc.constant('')), { minLength: 1, maxLength: 3 });
const date = fc.constantFrom('20240229', '20240301', '20251231', '2025.12.31', '20250230', '');
const time = fc.constantFrom('10', '1030', '103059', '103059.5', '235959.999999', '9', '');
const dateTime = fc.constantFrom('2024', '20240229', '202402291030+0100', '20240229103059.5-0500');
const uid = fc.constantFrom('1.2.3', '1.2.4', '1.2.40', '1.3');
const number = fc.constantFrom(0, 1, 2, 10, '2', ' 10 ', '1.5', 'x');

function valueOf(vr: string): fc.Arbitrary<JsonElement> {
  const values = (value: fc.Arbitrary<unknown>, maxLength: number): fc.Arbitrary<JsonElement> =>
    fc
      .array(fc.option(value, { freq: 8 }), { maxLength })
      .map((Value) => ({ vr, Value }) as JsonElement);
  if (vr === 'DA') return values(date, 1);
  if (vr === 'TM') return values(time, 1);
  if (vr === 'DT') return values(dateTime, 1);
  if (vr === 'UI') return values(uid, 1);
  if (vr === 'IS' || vr === 'DS' || vr === 'US') return values(number, 1);
  if (vr !== 'PN') return values(text, 3);
  const group = personName.map((components) => components.join('^'));
  return values(
    fc.record({ Alphabetic: group, Ideographic: group }, { requiredKeys: ['Alphabetic'] }),
    2,
  );
}

function attributesOf(level: QueryLevel): fc.Arbitrary<JsonDataSet> {
  const elements: Record<string, fc.Arbitrary<JsonElement>> = {};
  const members: Record<string, Record<string, fc.Arbitrary<JsonElement>>> = {};
  for (const { tag, memberTag, vr } of indexColumns[level]) {
    if (memberTag === undefined) elements[tag] = valueOf(vr);
    else (members[tag] ??= {})[memberTag] = valueOf(vr);
  }
  for (const [tag, item] of Object.entries(members)) {
    elements[tag] = fc
      .array(fc.record(item, { requiredKeys: [] }), { maxLength: 2 })
      .map((Value) => ({ vr: 'SQ', Value }));
  }
  return fc.record(elements, {
    requiredKeys: Object.keys(elements).filter((_, i) => i % 3 !== 0),
  });
}

const blob = { store: 'segment', segment: 1, offset: 0, length: 1, crc32: 0 } as const;

const studies: fc.Arbitrary<StudyRecord[]> = fc.array(
  fc.record({
    studyInstanceUid: fc.constantFrom('1.2.3', '1.2.4', '1.2.40', '1.3'),
    sequence: fc.constant(1),
    createdAtMs: fc.constant(0),
    attributes: attributesOf('study'),
    seriesCount: fc.nat(3),
    instanceCount: fc.nat(3),
    modalities: fc.subarray(['CT', 'MR', 'SEG']),
    sopClassUids: fc.subarray(['1.2.3', '1.3']),
    storedBytes: fc.constant(0),
  }),
  { maxLength: 4 },
);

export const generatedRecords: fc.Arbitrary<GeneratedRecords> = studies.chain((all) => {
  const unique = [...new Map(all.map((study) => [study.studyInstanceUid, study])).values()];
  const studyUids = unique.map((study) => study.studyInstanceUid);
  if (studyUids.length === 0) return fc.constant({ studies: [], series: [], instances: [] });
  const seriesArbitrary = fc.uniqueArray(
    fc.record({
      studyInstanceUid: fc.constantFrom(...studyUids),
      seriesInstanceUid: fc.constantFrom('1.2.3', '1.2.4', '1.2.40'),
      sequence: fc.constant(1),
      createdAtMs: fc.constant(0),
      attributes: attributesOf('series'),
      instanceCount: fc.nat(3),
      sopClassCounts: fc.constant({}),
      storedBytes: fc.constant(0),
    }),
    {
      maxLength: 6,
      selector: (series) => `${series.studyInstanceUid}/${series.seriesInstanceUid}`,
    },
  );
  return seriesArbitrary.chain((series) => {
    if (series.length === 0) return fc.constant({ studies: unique, series, instances: [] });
    const instances = fc.uniqueArray(
      fc
        .record({
          parent: fc.constantFrom(...series),
          sopInstanceUid: fc.constantFrom('1.2.3', '1.2.4', '1.2.40', '1.3'),
          attributes: attributesOf('instance'),
          transferSyntaxUid: uid,
        })
        .map(({ parent, ...rest }) => ({
          ...rest,
          studyInstanceUid: parent.studyInstanceUid,
          seriesInstanceUid: parent.seriesInstanceUid,
          sequence: 1,
          createdAtMs: 0,
          blob,
        })),
      {
        maxLength: 8,
        selector: (each) =>
          `${each.studyInstanceUid}/${each.seriesInstanceUid}/${each.sopInstanceUid}`,
      },
    );
    return instances.map((list) => ({ studies: unique, series, instances: list }));
  });
});

const allLevels: readonly QueryLevel[] = ['study', 'series', 'instance'];

const pattern = fc
  .array(fc.oneof(fc.constantFrom('*', '?'), word), { minLength: 1, maxLength: 5 })
  .map((parts) => parts.join(''));

/** A condition that fits the column's VR. */
function conditionOn(column: IndexColumn): fc.Arbitrary<QueryCondition> {
  const attribute = referenceOf(column);
  const always: fc.Arbitrary<QueryCondition>[] = [fc.constant({ kind: 'empty', attribute })];
  const pair = dateTimePairs.find(({ dateTag }) => dateTag === column.tag);
  if (pair !== undefined) always.push(momentRangeOn(pair));
  return fc.oneof(
    { weight: 4, arbitrary: fittingConditionOn(column, attribute) },
    ...always.map((arbitrary) => ({ weight: 1, arbitrary })),
  );
}

function referenceOf({ tag, memberTag }: IndexColumn): AttributeReference {
  return memberTag === undefined ? { tag } : { tag, memberTag };
}

const day = fc.constantFrom('20240229', '20240301', '20251231');
const clock = fc.constantFrom('10', '1030', '103059', '11');

function momentRangeOn(pair: (typeof dateTimePairs)[number]): fc.Arbitrary<QueryCondition> {
  return fc.tuple(day, day, clock, clock).map(([from, to, fromTime, toTime]) => {
    const [first, last] = [from + fromTime, to + toTime].sort() as [string, string];
    const date = `${first.slice(0, 8)}-${last.slice(0, 8)}`;
    const time = `${first.slice(8)}-${last.slice(8)}`;
    const isBackwards = first.slice(0, 8) === last.slice(0, 8) && fromTime !== toTime;
    const texts = { date, time: isBackwards ? '00-23' : time };
    return combineDateTime(pair, texts)!;
  });
}

function fittingConditionOn(
  { kind, vr }: IndexColumn,
  attribute: AttributeReference,
): fc.Arbitrary<QueryCondition> {
  const equals = (value: fc.Arbitrary<string>): fc.Arbitrary<QueryCondition> =>
    value.map((each) => ({ kind: 'equals', attribute, value: each }));
  const temporal = (value: fc.Arbitrary<string>): fc.Arbitrary<QueryCondition> =>
    fc.oneof(
      equals(value),
      value.map((from): QueryCondition => ({ kind: 'range', attribute, from })),
      value.map((to): QueryCondition => ({ kind: 'range', attribute, to })),
      fc.tuple(value, value).map((pair): QueryCondition => {
        const [from, to] = pair.sort();
        return { kind: 'range', attribute, from, to };
      }),
    );
  if (kind === 'DA') return temporal(fc.constantFrom('20240229', '20240301', '20251231'));
  if (kind === 'TM') return temporal(fc.constantFrom('10', '1030', '103059', '11'));
  if (kind === 'DT') return temporal(fc.constantFrom('2024', '202402', '20240229', '2025'));
  if (kind === 'number') return equals(fc.constantFrom('0', '1', '2', '10', '1.50'));
  if (kind === 'name') {
    return fc.oneof(
      equals(personName.map((parts) => `${parts.join('^')}a`)),
      pattern.map((each): QueryCondition => ({
        kind: 'wildcard',
        attribute,
        pattern: `${each}a*`,
      })),
      fc
        .tuple(fc.array(word, { minLength: 1, maxLength: 2 }), anyPronunciation)
        .map(([words, option]): QueryCondition => ({
          kind: 'fuzzy-name',
          attribute,
          words,
          ...option,
        })),
      fc.array(personName, { minLength: 1, maxLength: 2 }).map((names): QueryCondition => ({
        kind: 'all-of',
        attribute,
        values: names.map((parts) => `${parts.join('^')}a`),
      })),
    );
  }
  const list = (value: fc.Arbitrary<string>): fc.Arbitrary<QueryCondition> =>
    fc
      .array(value, { minLength: 1, maxLength: 3 })
      .map((values) => ({ kind: 'one-of', attribute, values }));
  if (kind === 'uid' || vr === 'UI') return fc.oneof(equals(uid), list(uid));
  const anyCase = fc.constantFrom({}, { ignoresCase: true } as const);
  const modality = fc.constantFrom('CT', 'MR');
  return fc.oneof(
    fc
      .tuple(fc.oneof(text, modality), anyCase)
      .map(([value, option]): QueryCondition => ({ kind: 'equals', attribute, value, ...option })),
    fc.tuple(pattern, anyCase).map(([each, option]): QueryCondition => ({
      kind: 'wildcard',
      attribute,
      pattern: each,
      ...option,
    })),
    list(fc.oneof(text, modality)),
    fc
      .tuple(fc.array(fc.oneof(word, modality), { minLength: 1, maxLength: 2 }), anyCase)
      .map(([values, option]): QueryCondition => ({
        kind: 'all-of',
        attribute,
        values,
        ...option,
      })),
  );
}

const anyPronunciation = fc.constantFrom({}, { isPhonetic: true } as const);

/** A condition made of a value that some record has, most often in a changed form. */
function conditionNear(column: IndexColumn, value: string | number): fc.Arbitrary<QueryCondition> {
  const { kind, vr } = column;
  const attribute = referenceOf(column);
  const text = String(value);
  const equals: QueryCondition = { kind: 'equals', attribute, value: text };
  if (kind === 'number') return fc.constant(equals);
  if (kind === 'DA' || kind === 'TM' || kind === 'DT') {
    return fc.constantFrom<QueryCondition>(
      equals,
      { kind: 'range', attribute, from: text },
      { kind: 'range', attribute, to: text },
      { kind: 'range', attribute, from: text, to: text },
    );
  }
  if (vr === 'UI') {
    return fc.constantFrom<QueryCondition>(equals, {
      kind: 'one-of',
      attribute,
      values: [text, '9.9'],
    });
  }
  const characters = [...text];
  const wildcard = fc
    .tuple(fc.nat(characters.length), fc.nat(characters.length), fc.constantFrom('*', '?', '*?*'))
    .map(([x, y, symbol]): QueryCondition => {
      const head = characters.slice(0, Math.min(x, y)).join('');
      const tail = characters.slice(Math.max(x, y)).join('');
      return { kind: 'wildcard', attribute, pattern: head + symbol + tail };
    });
  if (kind === 'name') {
    const word = characters.slice(0, 3).join('');
    const words: QueryCondition = {
      kind: 'fuzzy-name',
      attribute,
      words: [word],
      isPhonetic: true,
    };
    return fc.oneof(
      fc.constant(equals),
      wildcard.filter((each) => each.kind === 'wildcard' && !/^[*=^ ]*$/.test(each.pattern)),
      fc.constantFrom(...(/^[\^ ]*$/.test(word) ? [equals] : [words])),
    );
  }
  return fc.oneof(
    fc.constant(equals),
    wildcard,
    fc.constant<QueryCondition>({ kind: 'one-of', attribute, values: ['x', text] }),
    fc.constant<QueryCondition>({
      kind: 'equals',
      attribute,
      value: text.toUpperCase(),
      ignoresCase: true,
    }),
  );
}

/** Keys of one sequence: values of one item, of two, or of none; sometimes that there is no value. */
function memberConditions(
  members: readonly IndexColumn[],
  records: readonly { readonly attributes: JsonDataSet }[],
): fc.Arbitrary<QueryCondition[]> {
  const present = (member: IndexColumn): string[] =>
    records
      .flatMap((record) => record.attributes[member.tag]?.Value ?? [])
      .flatMap((item) => (item as JsonDataSet)[member.memberTag ?? '']?.Value ?? [])
      .filter((value) => typeof value === 'string');
  const conditions = members.map((member) => {
    const values = present(member).map((value) => conditionNear(member, value));
    const far = conditionOn(member);
    return values.length === 0 ? far : fc.oneof({ weight: 4, arbitrary: fc.oneof(...values) }, far);
  });
  return fc.tuple(...conditions).chain((all) => fc.subarray(all, { minLength: 2 }));
}

/** A query whose conditions are most often near the values of `records`. */
export function generatedQuery(records: GeneratedRecords): fc.Arbitrary<QueryExpression> {
  const rows = { study: records.studies, series: records.series, instance: records.instances };
  return fc.constantFrom(...allLevels).chain((level) => {
    const levels = allLevels.slice(0, allLevels.indexOf(level) + 1);
    const columns = levels
      .flatMap((each) => indexColumns[each])
      .filter((column) => column.derived === undefined);
    const ordered = columns.filter(({ vr }) => vr !== 'LT');
    const term = fc.record({
      attribute: fc.constantFrom(...ordered).map(referenceOf),
      isDescending: fc.boolean(),
    });
    const present = columns.flatMap((column) =>
      rows[column.level].flatMap((record) =>
        readColumnValues(column, record).map((value) => ({ column, value })),
      ),
    );
    const far = fc.constantFrom(...columns).chain(conditionOn);
    const near =
      present.length === 0
        ? far
        : fc.constantFrom(...present).chain(({ column, value }) => conditionNear(column, value));
    const condition = fc.oneof({ weight: 4, arbitrary: near }, { weight: 1, arbitrary: far });
    const sequences = columns.filter(({ memberTag }) => memberTag !== undefined);
    const ofOneSequence = fc.constantFrom(...sequences).chain(({ level: on, tag }) => {
      const members = sequences.filter((column) => column.level === on && column.tag === tag);
      return memberConditions(
        members.length === 1 ? [members[0]!, members[0]!] : members,
        rows[on],
      );
    });
    const expression = {
      partition: fc.constant(0),
      level: fc.constant(level),
      conditions: fc.oneof(
        { weight: 3, arbitrary: fc.array(condition, { maxLength: 2 }) },
        { weight: 1, arbitrary: ofOneSequence },
      ),
      limit: fc.constantFrom(1, 2, 100),
      offset: fc.constantFrom(0, 0, 1),
    };
    const all = fc.record(
      {
        ...expression,
        wantsTotal: fc.constant(true as const),
        orderBy: fc.uniqueArray(term, {
          maxLength: 2,
          selector: ({ attribute }) => `${attribute.tag}.${attribute.memberTag ?? ''}`,
        }),
      },
      { requiredKeys: ['partition', 'level', 'conditions', 'limit', 'offset'] },
    );
    return fc.oneof(
      { weight: 4, arbitrary: all },
      { weight: 1, arbitrary: fc.record({ ...expression, studyInstanceUid: uid }) },
      ...(level === 'study'
        ? [{ weight: 2, arbitrary: all.map((each) => ({ ...each, isByPatient: true as const })) }]
        : []),
    );
  });
}

/** The feed that stores `records` as new ones. */
export function feedOf(records: GeneratedRecords, sequence = 1): IndexFeed {
  return {
    kind: 'feed',
    partition: 0,
    sequence,
    ...records,
    replacedStudySequences: records.studies.map(() => 0),
    replacedSeriesSequences: records.series.map(() => 0),
    removed: { studies: [], series: [], instances: [] },
  };
}
