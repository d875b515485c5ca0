import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { BlobLog } from '#engine/store/blob/blob-log.js';
import type { BlobStore } from '#engine/store/blob/blob-store.js';
import { MemoryBlobStore } from '#engine/store/blob/memory-blob-store.js';
import { RocksdbBlobStore } from '#engine/store/blob/rocksdb-blob-store.js';
import { SegmentNumbers } from '#engine/store/blob/segment-files.js';
import { SegmentPreparer } from '#engine/store/blob/segment-preparer.js';
import { openStore } from '#engine/store/open-store.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { blobStoreContract } from './blob-store.contract.js';
import type { BlobStoreHarness } from './blob-store.contract.js';

const position = { segment: 0, segmentEnd: 0 };

async function storedHarness(
  t: TestContext,
  createStore: (segments: string) => BlobStore,
): Promise<BlobStoreHarness> {
  const directory = temporaryDirectory();
  const { database, blobReader, close } = await openStore({ directory });
  const store = createStore(join(directory, 'segments'));
  const batch = database.createBatch();
  t.after(async () => {
    await store.close();
    await close();
  });
  return {
    reader: blobReader,
    write: (records) => {
      const locators = store.placeGroup(records, batch);
      store.writePlaced({ operations: batch.operations, sequenceBefore: 0, sequenceAfter: 0 });
      batch.write({ isSynced: true });
      return locators;
    },
  };
}

function blobLogIn(directory: string, valueBytesMax: number): BlobLog {
  mkdirSync(directory, { recursive: true });
  // Small segments, so that the suite goes through several of them.
  const segmentBytes = 1024 * 1024;
  const freeSpace = { hasRoom: () => true };
  return new BlobLog({
    directory,
    segmentBytes,
    valueBytesMax,
    values: new RocksdbBlobStore(position),
    position,
    numbers: new SegmentNumbers(directory, 0),
    onDamaged: (detail) => assert.fail(detail),
    preparer: new SegmentPreparer({
      ...{ directory, segmentBytes, aheadCount: 1, fullness: 1, freeSpace },
    }),
  });
}

blobStoreContract('BlobLog', (t) => storedHarness(t, (segments) => blobLogIn(segments, -1)));

blobStoreContract('BlobLog with small blobs as values', (t) =>
  storedHarness(t, (segments) => blobLogIn(segments, 8192)),
);

blobStoreContract('RocksdbBlobStore', (t) =>
  storedHarness(t, () => new RocksdbBlobStore(position)),
);

blobStoreContract('MemoryBlobStore', () => {
  const store = new MemoryBlobStore();
  return Promise.resolve({ reader: store.reader, write: (records) => store.placeGroup(records) });
});
