import { putGarbage } from '../blob/garbage-queue.js';
import { instanceOfFramesKey } from '../catalog/catalog-keys.js';
import type { InstanceRecord } from '../catalog/catalog-records.js';
import { deleteInstance } from './group-records.js';
import type { StoreWriter } from './store-writer.js';

/**
 * Puts into the batch that `removed`, instances of one study in the order of their keys, are no longer there. Their bytes stay
 * `garbageGraceMs` longer, for those who looked them up before.
 */
export function removeInstances(
  writer: StoreWriter,
  partition: number,
  removed: readonly [InstanceRecord, ...InstanceRecord[]],
  garbageGraceMs: number,
): void {
  const { batch, usage } = writer;
  const dueAtMs = Date.now() + garbageGraceMs;
  for (const record of removed) {
    const { blob } = record;
    deleteInstance(batch, partition, record);
    usage.release(blob);
    if (blob.store !== 'segment') putGarbage(batch, { ...blob, dueAtMs });
  }
  const names = new Set(removed.map(nameOf));
  for (const key of writer.catalog.frameKeys(partition, removed[0], removed.at(-1)!)) {
    if (names.has(nameOf(instanceOfFramesKey(key)))) batch.delete('frames', key);
  }
}

function nameOf(key: Pick<InstanceRecord, 'seriesInstanceUid' | 'sopInstanceUid'>): string {
  return `${key.seriesInstanceUid}\0${key.sopInstanceUid}`;
}
