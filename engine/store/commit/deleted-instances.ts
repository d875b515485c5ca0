import * as keys from '../catalog/catalog-keys.js';
import type { DeletedRecord, InstanceKey, InstanceRecord } from '../catalog/catalog-records.js';
import { encodeDeletedRecord } from '../catalog/record-codec.js';
import { removeInstances } from './remove-instances.js';
import type { StoreWriter } from './store-writer.js';

const empty = Buffer.alloc(0);

/**
 * Puts into the batch that instances are deleted and can be brought back until `dueAtMs`: their records move aside; bytes,
 * metadata and layouts stay where they are.
 */
export function setAside(
  writer: StoreWriter,
  partition: number,
  removed: readonly InstanceRecord[],
  dueAtMs: number,
): void {
  const { batch } = writer;
  for (const record of removed) {
    batch.delete('catalog', keys.instanceKey(partition, record));
    batch.delete('catalog', keys.sopInstanceKey(partition, record));
    putDeleted(writer, partition, { record, dueAtMs });
    batch.put('default', keys.deletedDueKey(dueAtMs, partition, record), empty);
  }
}

/** Puts the record of a deleted instance into the batch. */
export function putDeleted(writer: StoreWriter, partition: number, deleted: DeletedRecord): void {
  const key = keys.deletedKey(partition, deleted.record);
  writer.batch.put('catalog', key, encodeDeletedRecord(deleted));
}

/** Puts into the batch that instances are no longer among the deleted. */
export function forgetDeleted(
  { batch }: StoreWriter,
  partition: number,
  deleted: readonly DeletedRecord[],
): void {
  for (const { record, dueAtMs } of deleted) {
    batch.delete('catalog', keys.deletedKey(partition, record));
    batch.delete('default', keys.deletedDueKey(dueAtMs, partition, record));
  }
}

/** Puts into the batch that deleted instances are gone for good: nothing can bring them back, and their bytes may go. */
export function purgeDeleted(
  writer: StoreWriter,
  partition: number,
  deleted: readonly DeletedRecord[],
  garbageGraceMs: number,
): void {
  forgetDeleted(writer, partition, deleted);
  for (const { record } of deleted) removeInstances(writer, partition, [record], garbageGraceMs);
}

/** Purges what is deleted of instances that come in anew: from then on their UIDs name something else. */
export function purgeNamesakes(
  writer: StoreWriter,
  added: readonly { readonly partition: number; readonly key: InstanceKey }[],
  garbageGraceMs: number,
): void {
  // Mostly nothing is deleted: one look then saves one for each instance.
  if (writer.catalog.deletedDue(1).length === 0) return;
  for (const partition of new Set(added.map((each) => each.partition))) {
    const wanted = added.filter((each) => each.partition === partition).map(({ key }) => key);
    const found = writer.catalog.findDeleted(partition, wanted);
    const deleted = found.filter((each) => each !== undefined);
    purgeDeleted(writer, partition, deleted, garbageGraceMs);
  }
}
