import { checksumBlockBytes } from '#engine/base/block-checksums.js';
import type { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';
import { encodeBlockChecksums } from '../catalog/block-checksums-codec.js';
import * as keys from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type {
  BlobLocator,
  ChangeRecord,
  InstanceKey,
  InstanceRecord,
  StudyRecord,
} from '../catalog/catalog-records.js';
import { encodeChange } from '../catalog/change-codec.js';
import { encodeFrameTablePage, encodeLayout, encodeMetadata } from '../catalog/metadata-codec.js';
import { orderedEntriesOf } from '../catalog/ordered-attributes.js';
import {
  encodeInstanceRecord,
  encodeSeriesRecord,
  encodeStudyRecord,
} from '../catalog/record-codec.js';
import { frameTablePageBytes } from '../catalog/frame-table-pages.js';
import type { HierarchyChanges, RecordChange } from './hierarchy.js';
import type { AddedInstance } from './parent-records.js';

type Batch = RocksdbBatch<StoreColumn>;

const empty = Buffer.alloc(0);

/** Puts all that the catalogue keeps of one instance into the batch of its group; returns the record. */
export function putInstance(
  batch: Batch,
  added: AddedInstance,
  blob: BlobLocator,
  action: 'create' | 'replace' = 'create',
): InstanceRecord {
  const { partition, instance, sequence } = added;
  const record: InstanceRecord = {
    studyInstanceUid: instance.identifiers.studyInstanceUid,
    seriesInstanceUid: instance.identifiers.seriesInstanceUid,
    sopInstanceUid: instance.identifiers.sopInstanceUid,
    sequence,
    createdAtMs: added.createdAtMs,
    attributes: instance.attributes.instance,
    transferSyntaxUid: instance.transferSyntaxUid,
    blob,
  };
  batch.put('catalog', keys.instanceKey(partition, record), encodeInstanceRecord(record));
  batch.put('catalog', keys.sopInstanceKey(partition, record), empty);
  batch.put('metadata', keys.metadataKey(partition, record), encodeMetadata(instance.metadata));
  batch.put('frames', keys.layoutKey(partition, record), encodeLayout(instance.layout));
  putFrameTable(batch, partition, record, instance.frameTable);
  if (hasBlockChecksums(blob)) putBlockChecksums(batch, record, added);
  if (blob.store === 'file') batch.put('default', keys.ownFileKey(blob.segment), empty);
  const timeMs = added.createdAtMs;
  putChange(batch, { ...uidsOf(record), sequence, partition, timeMs, action });
  return record;
}

/** Puts the record of a deleted instance back; all else that is kept of it has stayed. */
export function putRestoredInstance(batch: Batch, partition: number, record: InstanceRecord): void {
  batch.put('catalog', keys.instanceKey(partition, record), encodeInstanceRecord(record));
  batch.put('catalog', keys.sopInstanceKey(partition, record), empty);
}

/** Replaces the record of an instance whose bytes have moved; its sequence stays, since nothing that is served has changed. */
export function putMovedInstance(batch: Batch, partition: number, record: InstanceRecord): void {
  batch.put('catalog', keys.instanceKey(partition, record), encodeInstanceRecord(record));
}

/** Takes all that the catalogue keeps of an instance out, but for what the column `frames` has. */
export function deleteInstance(batch: Batch, partition: number, record: InstanceRecord): void {
  batch.delete('catalog', keys.instanceKey(partition, record));
  batch.delete('catalog', keys.sopInstanceKey(partition, record));
  batch.delete('metadata', keys.metadataKey(partition, record));
}

export function putChange(batch: Batch, change: ChangeRecord): void {
  batch.put('changes', keys.changeKey(change.sequence), encodeChange(change));
}

/** Puts or deletes the study and series records, and changes the ordered entries of studies whose attributes changed. */
export function putHierarchy(batch: Batch, changes: HierarchyChanges): void {
  for (const { partition, before, after } of changes.series) {
    const key = keys.seriesKey(partition, (after ?? before)!);
    if (after === undefined) batch.delete('catalog', key);
    else batch.put('catalog', key, encodeSeriesRecord(after));
  }
  for (const change of changes.studies) {
    const { partition, before, after } = change;
    const key = keys.studyKey(partition, (after ?? before)!.studyInstanceUid);
    if (after === undefined) batch.delete('catalog', key);
    else batch.put('catalog', key, encodeStudyRecord(after));
    putOrderedKeys(batch, change);
  }
}

function putOrderedKeys(batch: Batch, change: RecordChange<StudyRecord>): void {
  const { partition, before, after } = change;
  const known = before === undefined ? [] : orderedEntriesOf(partition, before);
  const wanted = after === undefined ? [] : orderedEntriesOf(partition, after);
  for (const { key } of known) {
    if (!wanted.some((other) => other.key.equals(key))) batch.delete('catalog', key);
  }
  for (const { key, value } of wanted) {
    const isKnown = known.some((other) => other.key.equals(key) && other.value.equals(value));
    if (!isKnown) batch.put('catalog', key, value);
  }
}

function putFrameTable(
  batch: Batch,
  partition: number,
  record: InstanceRecord,
  frameTable: Uint8Array,
): void {
  for (let page = 0; page * frameTablePageBytes < frameTable.length; page++) {
    const start = page * frameTablePageBytes;
    const entries = frameTable.subarray(start, start + frameTablePageBytes);
    batch.put('frames', keys.frameTableKey(partition, record, page), encodeFrameTablePage(entries));
  }
}

/** Values are checked by RocksDB, and a blob of one block by the checksum in its record. */
function hasBlockChecksums({ store, length }: BlobLocator): boolean {
  return store !== 'value' && length > checksumBlockBytes;
}

function putBlockChecksums(batch: Batch, record: InstanceRecord, added: AddedInstance): void {
  const { partition, instance, blockChecksums } = added;
  const { prefix } = instance;
  const pages = encodeBlockChecksums(prefix, blockChecksums);
  pages.forEach((page, number) => {
    batch.put('frames', keys.blockChecksumsKey(partition, record, number), page);
  });
}

function uidsOf(record: InstanceRecord): InstanceKey {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = record;
  return { studyInstanceUid, seriesInstanceUid, sopInstanceUid };
}
