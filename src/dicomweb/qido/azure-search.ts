import type { QueryLevel } from '#engine/dicom/indexed-attributes.js';

/** Attributes that the Azure dialect matches, by the level that they belong to. */
const matchedTags: Readonly<Record<QueryLevel, ReadonlySet<string>>> = {
  study: new Set([
    '00080020',
    '00080050',
    '00080061',
    '00080090',
    '00081030',
    '00100010',
    '00100020',
    '00100030',
    '0020000D',
  ]),
  series: new Set(['00080060', '00081090', '0020000E', '00400244']),
  instance: new Set(['00080018']),
};

/** The resource that is searched, as far as it decides which attributes may be matched. */
export interface SearchedResource {
  readonly level: QueryLevel;
  readonly studyInstanceUid?: string;
  readonly seriesInstanceUid?: string;
}

/** Whether the Azure dialect lets a search of the resource match the attribute: none that the path has decided. */
export function isMatchedInAzure(resource: SearchedResource, tag: string): boolean {
  const { level, studyInstanceUid, seriesInstanceUid } = resource;
  if (matchedTags.study.has(tag)) return studyInstanceUid === undefined;
  if (matchedTags.series.has(tag)) return level !== 'study' && seriesInstanceUid === undefined;
  return matchedTags.instance.has(tag) && level === 'instance';
}

/** Attributes that the Azure dialect (v2) returns unasked. */
export const azureDefaultTags: Readonly<Record<QueryLevel, readonly string[]>> = {
  study: [
    '00080020',
    '00080050',
    '00080090',
    '00081030',
    '00100010',
    '00100020',
    '00100030',
    '0020000D',
  ],
  series: ['00080060', '00081090', '0020000E', '00400244'],
  instance: ['00080018'],
};

/** What `includefield=all` adds to them. */
export const azureFurtherTags: Readonly<Record<QueryLevel, readonly string[]>> = {
  study: [
    '00080005',
    '00080030',
    '00080056',
    '00080063',
    '00080201',
    '00081032',
    '00081060',
    '00081080',
    '00081110',
    '00100040',
    '00101010',
    '00101020',
    '00101030',
    '00102180',
    '001021B0',
    '00200010',
  ],
  series: ['00080021', '00080031', '0008103E', '00200011', '00200060', '00400245', '00400275'],
  instance: ['00080016', '00080056', '00200013', '00280008', '00280010', '00280011', '00280100'],
};
