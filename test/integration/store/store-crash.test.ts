import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { crc32 } from 'node:zlib';
import { openStore } from '#engine/store/open-store.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { numberedInstance } from '#test/helpers/crash-writer.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const writer = fileURLToPath(new URL('../../helpers/crash-writer.js', import.meta.url));
const rounds = 5;

/** Lets a writer work until it has acknowledged `count` instances, and kills it in the middle of the next ones. */
async function writeAndKill(directory: string, first: number, count: number): Promise<number[]> {
  const child = spawn(process.execPath, [writer, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: number[] = [];
  const exit = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === count) setTimeout(() => child.kill('SIGKILL'), Math.random() * 50);
  }
  await exit;
  return acknowledged;
}

function storedBytes(store: OpenedStore, record: InstanceRecord): Buffer {
  const bytes = Buffer.alloc(record.blob.length);
  assert.equal(store.blobReader.readSync(record.blob, 0, bytes), bytes.length);
  return bytes;
}

function assertAcknowledged(store: OpenedStore, acknowledged: readonly number[]): void {
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

/** Whatever can be seen is whole: counts, bytes, documents, change log. */
function assertConsistent(store: OpenedStore): number {
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

test('a killed process loses nothing that it acknowledged and shows nothing half', async (t) => {
  const directory = temporaryDirectory();
  const acknowledged: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round * 1_000_000 + 1;
    acknowledged.push(
      ...(await writeAndKill(directory, first, 50 + Math.floor(Math.random() * 250))),
    );
    const store = await openStore({ directory });
    assertAcknowledged(store, acknowledged);
    const count = assertConsistent(store);
    assert.ok(count >= acknowledged.length);
    t.diagnostic(`round ${round}: ${acknowledged.length} acknowledged, ${count} stored`);
    await store.close();
  }
});
