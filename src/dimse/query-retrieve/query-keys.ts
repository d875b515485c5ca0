import { indexedAttributes } from '#engine/dicom/indexed-attributes.js';
import type { JsonDataSet, JsonValue } from '#engine/dicom/json-model/json-model-types.js';
import { findIndexColumn } from '#engine/query/index-columns.js';
import type { MatchedRecords } from '#engine/query/row-text.js';
import type { PatientCounts } from '#src/search/patient-counts.js';
import { depthOfLevel, recordLevels } from './information-models.js';
import type { RetrieveLevel } from './information-models.js';

/** Records of one match, and what is known of its patient if that was asked for. */
export interface Match extends MatchedRecords {
  readonly patient?: PatientCounts;
}

/** An attribute that a C-FIND may ask for. */
export interface QueryKey {
  readonly tag: string;
  readonly keyword: string;
  readonly vr: string;
  /** The highest level whose entities have it; levels below may ask for it as well. */
  readonly level: RetrieveLevel;
  /** Its value can be given to match; otherwise it can only be returned. */
  readonly isMatched: boolean;
  /** Members that can be given to match, for a sequence. */
  readonly matchedMembers: readonly string[];
  /** The value, for one that no record holds as it is. */
  readonly compute?: (match: Match) => readonly JsonValue[];
}

const patientTags = new Set([
  '00100010',
  '00100020',
  '00100021',
  '00100030',
  '00100032',
  '00100040',
]);

const levelNames = { study: 'STUDY', series: 'SERIES', instance: 'IMAGE' } as const;

/** Describes the identifier or its values rather than what is looked for, PS3.4 §C.4.1.1. */
const notKeys = new Set(['00080005', '00080201']);

const storedKeys: readonly QueryKey[] = indexedAttributes
  .filter(({ tag }) => !notKeys.has(tag))
  .map(({ tag, keyword, vr, level, searchPaths = [] }) => ({
    tag,
    keyword,
    vr,
    level: patientTags.has(tag) ? 'PATIENT' : levelNames[level],
    isMatched: findIndexColumn(level, { tag }) !== undefined,
    matchedMembers: searchPaths,
  }));

function computed(
  attribute: Pick<QueryKey, 'level' | 'tag' | 'keyword' | 'vr'>,
  compute: (match: Match) => readonly JsonValue[],
): QueryKey {
  const { level, tag } = attribute;
  const isMatched = findIndexColumn(recordLevels[level], { tag }) !== undefined;
  return { ...attribute, isMatched, matchedMembers: [], compute };
}

/** A value that there is one of, or none. */
function optional(value: JsonValue | undefined): readonly JsonValue[] {
  return value === undefined ? [] : [value];
}

const computedKeys: readonly QueryKey[] = [
  computed({ level: 'PATIENT', tag: '00080056', keyword: 'InstanceAvailability', vr: 'CS' }, () => [
    'ONLINE',
  ]),
  computed(
    { level: 'PATIENT', tag: '00201200', keyword: 'NumberOfPatientRelatedStudies', vr: 'IS' },
    ({ patient }) => optional(patient?.studies),
  ),
  computed(
    { level: 'PATIENT', tag: '00201202', keyword: 'NumberOfPatientRelatedSeries', vr: 'IS' },
    ({ patient }) => optional(patient?.series),
  ),
  computed(
    { level: 'PATIENT', tag: '00201204', keyword: 'NumberOfPatientRelatedInstances', vr: 'IS' },
    ({ patient }) => optional(patient?.instances),
  ),
  computed(
    { level: 'STUDY', tag: '00080061', keyword: 'ModalitiesInStudy', vr: 'CS' },
    ({ study }) => study.modalities,
  ),
  computed(
    { level: 'STUDY', tag: '00080062', keyword: 'SOPClassesInStudy', vr: 'UI' },
    ({ study }) => study.sopClassUids,
  ),
  computed(
    { level: 'STUDY', tag: '00201206', keyword: 'NumberOfStudyRelatedSeries', vr: 'IS' },
    ({ study }) => [study.seriesCount],
  ),
  computed(
    { level: 'STUDY', tag: '00201208', keyword: 'NumberOfStudyRelatedInstances', vr: 'IS' },
    ({ study }) => [study.instanceCount],
  ),
  computed(
    { level: 'SERIES', tag: '00201209', keyword: 'NumberOfSeriesRelatedInstances', vr: 'IS' },
    ({ series }) => optional(series?.instanceCount),
  ),
  computed(
    { level: 'SERIES', tag: '00400009', keyword: 'ScheduledProcedureStepID', vr: 'SH' },
    // Modalities put it into the Request Attributes Sequence, and some ask for it on its own.
    ({ series }) =>
      ((series?.attributes['00400275']?.Value ?? []) as JsonDataSet[]).flatMap(
        (item) => item['00400009']?.Value ?? [],
      ),
  ),
  computed(
    { level: 'IMAGE', tag: '00083002', keyword: 'AvailableTransferSyntaxUID', vr: 'UI' },
    ({ instance }) => optional(instance?.transferSyntaxUid),
  ),
];

/** Every key that is answered, by level and tag (PS3.4 §C.6; the attributes are those that the store keeps in its index). */
export const queryKeys: readonly QueryKey[] = [...storedKeys, ...computedKeys].sort(
  (a, b) => depthOfLevel(a.level) - depthOfLevel(b.level) || (a.tag < b.tag ? -1 : 1),
);

const keysByTag = new Map(queryKeys.map((key) => [key.tag, key]));

/** The key of a tag for queries on `level`; undefined when it is unknown or belongs to a level below. */
export function findQueryKey(level: RetrieveLevel, tag: string): QueryKey | undefined {
  const key = keysByTag.get(tag);
  if (key === undefined || depthOfLevel(key.level) > depthOfLevel(level)) return undefined;
  return key;
}
