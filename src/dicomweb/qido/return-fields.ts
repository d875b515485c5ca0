import {
  computedAttributes,
  indexedAttributes,
  type QueryLevel,
} from '#engine/dicom/indexed-attributes.js';
import type { ReturnFields } from '#engine/query/row-text.js';
import { azureDefaultTags, azureFurtherTags, type SearchedResource } from './azure-search.js';

/** What a client wants besides what every row has. */
export interface WantedFields {
  readonly all: boolean;
  /** Asked for by `includefield`, or matched: those are returned too (PS3.18 §10.6.3.3). */
  readonly tags: ReadonlySet<string>;
}

/** Which attributes are returned unasked, and which by `includefield=all`: those of PS3.18, or those of the Azure dialect. */
export type ReturnSet = 'PS3.18' | 'Azure';

const levels: readonly QueryLevel[] = ['study', 'series', 'instance'];
const attributes = [...indexedAttributes, ...computedAttributes];

/** Describe the response and belong to rows of every level, though the store keeps them with the study. */
const sharedTags = ['00080005', '00080201'];

const keptTags: Readonly<Record<QueryLevel, readonly string[]>> = tagsByLevel(() => true);
const defaultTags: Readonly<Record<QueryLevel, readonly string[]>> = tagsByLevel(
  ({ isDefault }) => isDefault,
);

/** In every row, though no record keeps it. */
const retrieveUrlTag = '00081190';

/** Whether rows of some level can have the attribute. */
export function isReturnable(tag: string): boolean {
  return tag === retrieveUrlTag || levels.some((level) => keptTags[level].includes(tag));
}

/** Attributes of a patient, PS3.4 Table C.6-1. */
const patientTags = [
  '00080005',
  '00100010',
  '00100020',
  '00100021',
  '00100030',
  '00100032',
  '00100040',
];

/**
 * The attributes of a row. A search below a resource returns the attributes of its own level, one of all series or all instances
 * those of the levels above as well. Attributes of levels above are returned when they are asked for; those of levels below never.
 */
export function returnFields(
  resource: SearchedResource,
  wanted: WantedFields,
  returnSet: ReturnSet,
): ReturnFields {
  const returned = returnedLevels(resource);
  const tagsOf = (level: QueryLevel): ReadonlySet<string> => {
    const tags = new Set(uidTags[level]);
    for (const tag of wanted.tags) if (keptTags[level].includes(tag)) tags.add(tag);
    if (level === 'study' && (wanted.all || returnSet === 'PS3.18')) addAll(tags, sharedTags);
    if (!returned.includes(level)) return tags;
    if (returnSet === 'PS3.18') return addAll(tags, (wanted.all ? keptTags : defaultTags)[level]);
    addAll(tags, azureDefaultTags[level]);
    return wanted.all ? addAll(tags, azureFurtherTags[level]) : tags;
  };
  return {
    tags: { study: tagsOf('study'), series: tagsOf('series'), instance: tagsOf('instance') },
  };
}

/** The attributes of a row that stands for a patient. */
export const patientFields: ReturnFields = {
  tags: { study: new Set(patientTags), series: new Set(), instance: new Set() },
};

function returnedLevels({ level, ...path }: SearchedResource): QueryLevel[] {
  const returned: QueryLevel[] = [level];
  if (path.studyInstanceUid === undefined) returned.push('study');
  if (level === 'instance' && path.seriesInstanceUid === undefined) returned.push('series');
  return returned;
}

/** The UIDs that name a match are in every row. */
const uidTags: Readonly<Record<QueryLevel, readonly string[]>> = {
  study: ['0020000D'],
  series: ['0020000E'],
  instance: ['00080018'],
};

function addAll(tags: Set<string>, more: readonly string[]): Set<string> {
  for (const tag of more) tags.add(tag);
  return tags;
}

function tagsByLevel(
  isIn: (attribute: (typeof attributes)[number]) => boolean,
): Record<QueryLevel, readonly string[]> {
  const tagsOf = (level: QueryLevel): string[] =>
    attributes.filter((each) => each.level === level && isIn(each)).map(({ tag }) => tag);
  const [study, series, instance] = levels.map(tagsOf);
  return { study: study!, series: series!, instance: instance! };
}
