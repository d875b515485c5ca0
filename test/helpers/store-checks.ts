import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { ChangeRecord, InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import { numberedInstance } from './crash-writer.js';

function storedBytes(store: OpenedStore, record: InstanceRecord): Buffer {
  const bytes = Buffer.alloc(record.blob.length);
  assert.equal(store.blobReader.readSync(record.blob, 0, bytes), bytes.length);
  return bytes;
}

/** The bytes that are stored of a numbered instance; undefined when it is not there. */
export function readNumbered(store: OpenedStore, number: number): Buffer | undefined {
  const { study, series, sop } = numberedInstance(number);
  const record = store.reader.findInstance(0, {
    studyInstanceUid: study,
    seriesInstanceUid: series,
    sopInstanceUid: sop,
  });
  return record && storedBytes(store, record);
}

/** Every instance that the crash writer acknowledged is there, byte for byte. */
export function assertAcknowledged(store: OpenedStore, acknowledged: readonly number[]): void {
  for (const number of acknowledged) {
    const bytes = readNumbered(store, number);
    assert.ok(bytes !== undefined, `instance ${number} was acknowledged and is gone`);
    assert.ok(
      bytes.equals(numberedInstance(number).received),
      `instance ${number} has other bytes`,
    );
  }
}

/** Whatever can be seen is whole: counts, bytes, documents, change log. Returns the number of instances. */
export function assertConsistent(store: OpenedStore): number {
  const { reader } = store;
  let count = 0;
  for (const study of reader.studies(0)) {
    const instances = reader.listInstances(0, study.studyInstanceUid);
    const series = reader.listSeries(0, study.studyInstanceUid);
    assert.equal(study.instanceCount, instances.length);
    assert.equal(study.seriesCount, series.length);
    assert.deepEqual(
      new Set(study.sopClassUids),
      new Set(series.flatMap(({ sopClassCounts }) => Object.keys(sopClassCounts))),
    );
    assert.deepEqual(
      new Set(study.modalities),
      new Set(series.map(({ attributes }) => attributes['00080060']?.Value?.[0])),
    );
    assert.equal(study.storedBytes, sumOfBytes(instances));
    for (const one of series) {
      const members = instances.filter((i) => i.seriesInstanceUid === one.seriesInstanceUid);
      assert.equal(one.instanceCount, members.length);
      assert.equal(one.storedBytes, sumOfBytes(members));
      assert.deepEqual({ ...one.sopClassCounts }, classCountsOf(members));
    }
    for (const record of instances) {
      assert.equal(crc32(storedBytes(store, record)), record.blob.crc32);
      assert.ok(reader.readMetadata(0, record) !== undefined);
      assert.ok(reader.readLayout(0, record) !== undefined);
    }
    count += instances.length;
  }
  assert.equal(count, assertChangeLog(store));
  return count;
}

/** The change log has no gap, and what it says is stored is; returns how many instances that are. */
function assertChangeLog({ reader }: OpenedStore): number {
  const changes = reader.readChanges(0, reader.lastSequence() + 1);
  assert.deepEqual(
    changes.map((change) => change.sequence),
    Array.from({ length: reader.lastSequence() }, (_, n) => n + 1),
  );
  const stored = new Map<string, ChangeRecord>();
  for (const change of changes) {
    const name = `${change.studyInstanceUid}/${change.seriesInstanceUid}/${change.sopInstanceUid}`;
    const isOfStored = change.action === 'delete' || change.action === 'replace';
    assert.equal(stored.has(name), isOfStored, name);
    if (change.action === 'delete') stored.delete(name);
    else stored.set(name, change);
  }
  for (const change of stored.values()) {
    assert.equal(reader.findInstance(0, change)?.sequence, change.sequence);
  }
  return stored.size;
}

function sumOfBytes(instances: readonly InstanceRecord[]): number {
  return instances.reduce((sum, { blob }) => sum + blob.length, 0);
}

function classCountsOf(instances: readonly InstanceRecord[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { attributes } of instances) {
    const [uid] = attributes['00080016']?.Value ?? [];
    assert.ok(typeof uid === 'string');
    counts[uid] = (counts[uid] ?? 0) + 1;
  }
  return counts;
}
