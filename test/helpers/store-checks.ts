import assert from 'node:assert/strict';
import { crc32 } from 'node:zlib';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import { numberedInstance } from './crash-writer.js';

function storedBytes(store: OpenedStore, record: InstanceRecord): Buffer {
  const bytes = Buffer.alloc(record.blob.length);
  assert.equal(store.blobReader.readSync(record.blob, 0, bytes), bytes.length);
  return bytes;
}

/** Every instance that the crash writer acknowledged is there, byte for byte. */
export function assertAcknowledged(store: OpenedStore, acknowledged: readonly number[]): void {
  for (const number of acknowledged) {
    const { study, series, sop, received } = numberedInstance(number);
    const record = store.reader.findInstance(0, {
      studyInstanceUid: study,
      seriesInstanceUid: series,
      sopInstanceUid: sop,
    });
    assert.ok(record !== undefined, `instance ${number} was acknowledged and is gone`);
    assert.ok(storedBytes(store, record).equals(received), `instance ${number} has other bytes`);
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
    for (const one of series) {
      const members = instances.filter((i) => i.seriesInstanceUid === one.seriesInstanceUid);
      assert.equal(one.instanceCount, members.length);
    }
    for (const record of instances) {
      assert.equal(crc32(storedBytes(store, record)), record.blob.crc32);
      assert.ok(reader.readMetadata(0, record) !== undefined);
      assert.ok(reader.readLayout(0, record) !== undefined);
    }
    count += instances.length;
  }
  const changes = reader.readChanges(0, count + 1);
  assert.deepEqual(
    changes.map((change) => change.sequence),
    Array.from({ length: count }, (_, n) => n + 1),
  );
  assert.equal(reader.lastSequence(), count);
  for (const change of changes) assert.ok(reader.findInstance(0, change) !== undefined);
  return count;
}
