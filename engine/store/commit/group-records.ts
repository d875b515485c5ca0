import type { RocksdbBatch } from '#native-bindings/rocksdb/rocksdb-batch.js';
import * as keys from '../catalog/catalog-keys.js';
import type { StoreColumn } from '../catalog/catalog-keys.js';
import type {
  BlobLocator,
  InstanceKey,
  InstanceRecord,
  SeriesRecord,
  StudyRecord,
} from '../catalog/catalog-records.js';
import { encodeChange } from '../catalog/change-codec.js';
import { encodeFrameTablePage, encodeLayout, encodeMetadata } from '../catalog/metadata-codec.js';
import { orderedKeysOf } from '../catalog/ordered-attributes.js';
import {
  encodeInstanceRecord,
  encodeSeriesRecord,
  encodeStudyRecord,
} from '../catalog/record-codec.js';
import { frameTablePageBytes } from '../catalog/frame-table-pages.js';
import type { AddedInstance, HierarchyChanges, RecordChange } from './hierarchy.js';

type Batch = RocksdbBatch<StoreColumn>;

const empty = Buffer.alloc(0);

/** Puts all that the catalogue keeps of one instance into the batch of its group; returns the record. */
export function putInstance(batch: Batch, added: AddedInstance, blob: BlobLocator): InstanceRecord {
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
  if (blob.store === 'file') batch.put('default', keys.ownFileKey(blob.segment), empty);
  const change = { ...uidsOf(record), sequence, partition, timeMs: added.createdAtMs };
  batch.put('changes', keys.changeKey(sequence), encodeChange({ ...change, action: 'create' }));
  return record;
}

/** Puts the study and series records of a group, and moves the ordered keys of studies whose attributes changed. */
export function putHierarchy(batch: Batch, changes: HierarchyChanges): void {
  for (const { partition, after } of changes.series) {
    batch.put('catalog', keys.seriesKey(partition, after), encodeSeriesRecord(after));
  }
  for (const change of changes.studies) {
    const { partition, after } = change;
    const key = keys.studyKey(partition, after.studyInstanceUid);
    batch.put('catalog', key, encodeStudyRecord(after));
    putOrderedKeys(batch, change);
  }
}

/** Sequences of the versions that a group replaces; 0 where there was none. */
export function replacedSequences(
  changes: readonly RecordChange<StudyRecord | SeriesRecord>[],
): number[] {
  return changes.map((change) => change.before?.sequence ?? 0);
}

function putOrderedKeys(batch: Batch, change: RecordChange<StudyRecord>): void {
  const { partition, before, after } = change;
  const known = before === undefined ? [] : orderedKeysOf(partition, before);
  const wanted = orderedKeysOf(partition, after);
  for (const key of known) {
    if (!wanted.some((other) => other.equals(key))) batch.delete('catalog', key);
  }
  for (const key of wanted) {
    if (!known.some((other) => other.equals(key))) batch.put('catalog', key, empty);
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

function uidsOf(record: InstanceRecord): InstanceKey {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = record;
  return { studyInstanceUid, seriesInstanceUid, sopInstanceUid };
}
