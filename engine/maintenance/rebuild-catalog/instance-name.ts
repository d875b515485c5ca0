import type { InstanceKey } from '#engine/store/catalog/catalog-records.js';

/** One text for an instance in a partition, to look it up by. */
export function instanceName(partition: number, key: InstanceKey): string {
  return `${partition}/${key.studyInstanceUid}/${key.seriesInstanceUid}/${key.sopInstanceUid}`;
}
