import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { test, type TestContext } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { recordAlignmentBytes } from '#engine/store/blob/record-header.js';
import { segmentPath } from '#engine/store/blob/segment-files.js';
import { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { BlobLocator } from '#engine/store/catalog/catalog-records.js';
import { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import type { StoreReply } from '#engine/threads/task-messages.js';
import { numberedInstance } from '#test/helpers/crash-writer.js';
import { assertAcknowledged, assertConsistent } from '#test/helpers/store-checks.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';
import { StoreBed } from '#test/reliability/store-bed.js';

const quick = { garbageGraceMs: 0, undeleteWindowMs: 0, compactionBytesPerSecondMax: 2 ** 30 };
/** Of 70 KB each: some thirty of them fill a segment. */
const numbers = Array.from({ length: 40 }, (_, n) => 5 + 7 * n);
const survivor = numbers[3]!;

test('a group of which one instance meets damage in the catalogue is committed without it', async (t) => {
  const bed = await StoreBed.open(temporaryDirectory());
  const { sop } = numberedInstance(2);
  const { findInstances } = CatalogReader.prototype;
  t.mock.method(CatalogReader.prototype, 'findInstances', function (
    this: CatalogReader,
    ...[partition, keys]: Parameters<typeof findInstances>
  ) {
    if (keys.some(({ sopInstanceUid }) => sopInstanceUid === sop)) throw new GantryError('corrupt');
    return findInstances.call(this, partition, keys);
  } as typeof findInstances);
  assert.deepEqual(bed.commit([1, 2, 3, 6]), [1, 3, 6]);
  t.mock.restoreAll();
  assert.equal(assertConsistent(bed.store), 3);
  assert.deepEqual(bed.commit([2]), [2]);
  await bed.close();
});

test('a place of the disk that cannot be read keeps its segment; the store goes on', async (t) => {
  const directory = temporaryDirectory();
  const bed = await StoreBed.open(directory, quick);
  for (const number of numbers) bed.commit([number]);
  const blob = blobOf(bed, survivor);
  for (const number of numbers) if (number !== survivor) assert.ok(bed.delete(number));

  failReads(t, blob.offset - (blob.offset % recordAlignmentBytes));
  const problems = await untilProblem(bed);
  assert.match(problems.detail, /segment file 1 holds records that could not be moved/);
  restoreReads();
  assert.ok(fs.existsSync(segmentPathOf(directory, 1)));
  assertAcknowledged(bed.store, [survivor]);
  assert.deepEqual(bed.commit([1]), [1]);
  await bed.close();
});

for (const damage of ['missing', 'shorter than what was committed'] as const) {
  test(`a last segment that is ${damage} does not stop the start; the next one is begun`, async () => {
    const directory = temporaryDirectory();
    const before = await StoreBed.open(directory);
    for (const number of numbers.slice(0, 5)) before.commit([number]);
    const blobs = numbers.slice(0, 5).map((number) => blobOf(before, number));
    await before.close();
    const path = segmentPathOf(directory, 1);
    if (damage === 'missing') fs.unlinkSync(path);
    else fs.truncateSync(path, blobs[2]!.offset + blobs[2]!.length);

    for (const fresh of numbers.slice(5, 7)) {
      const bed = await StoreBed.open(directory);
      assert.deepEqual(bed.damage, fresh === numbers[5] ? [`segment file 1 is ${damage}`] : []);
      assert.deepEqual(bed.commit([fresh]), [fresh]);
      assert.equal(blobOf(bed, fresh).segment, 2);
      if (damage !== 'missing') assertAcknowledged(bed.store, numbers.slice(0, 3));
      const read = (): number => bed.store.blobReader.readSync(blobs[4]!, 0, Buffer.alloc(1));
      assert.throws(read, { code: 'corrupt' });
      await bed.close();
    }
  });
}

for (const first of ['y', 'x']) {
  test(`damage in the catalogue stops the giving back of space, not the store (keys ${first})`, async (t) => {
    const bed = await StoreBed.open(temporaryDirectory(), quick);
    bed.commit(numbers.slice(0, 3));
    const { range } = RocksdbDatabase.prototype;
    t.mock.method(RocksdbDatabase.prototype, 'range', function (
      this: RocksdbDatabase<string>,
      ...[column, asked]: Parameters<typeof range>
    ) {
      if (asked.gte?.[1] !== first.charCodeAt(0)) return range.call(this, column, asked);
      throw Object.assign(new Error('Corruption: block checksum mismatch'), {
        code: 'LEVEL_CORRUPTION',
      });
    } as typeof range);
    assert.match((await untilProblem(bed)).detail, /the catalogue cannot be read/);
    t.mock.restoreAll();
    assert.deepEqual(bed.commit([1]), [1]);
    await bed.close();
  });
}

function segmentPathOf(directory: string, number: number): string {
  return segmentPath(dataDirectoryOf(directory).segments, number, 'seg');
}

function blobOf({ store }: StoreBed, number: number): BlobLocator {
  const { study, series, sop } = numberedInstance(number);
  const key = { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
  return store.reader.findInstance(0, key)!.blob;
}

async function untilProblem(bed: StoreBed): Promise<StoreReply & { readonly kind: 'problem' }> {
  for (let n = 0; n < 1_000; n++) {
    for (const reply of bed.reclaim()) {
      assert.notEqual(reply.kind, 'failed');
      if (reply.kind === 'problem') return reply;
    }
    await delay(5);
  }
  return assert.fail('there is no problem');
}

type ReadArguments = [fd: number, target: Buffer, from: number, length: number, at: number];

const { readSync } = fs;

/** Reads of this place of any file fail, as those of a bad sector do. */
function failReads(t: TestContext, place: number): void {
  const failing = (...args: ReadArguments): number => {
    const [, , , length, at] = args;
    if (at <= place && place < at + length) {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' });
    }
    return readSync(...args);
  };
  (fs as unknown as Record<string, unknown>)['readSync'] = failing;
  syncBuiltinESMExports();
  t.after(restoreReads);
}

function restoreReads(): void {
  fs.readSync = readSync;
  syncBuiltinESMExports();
}
