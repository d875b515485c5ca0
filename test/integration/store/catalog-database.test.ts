import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openCatalog } from '#engine/store/open-store.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

test('what RocksDB keeps of its tables is in the block cache where that is asked for', async () => {
  const directory = temporaryDirectory();
  const database = await openCatalog(directory, { memtableBytesMax: 1024 * 1024 });
  const batch = database.createBatch();
  for (let n = 0; n < 40; n++) {
    for (let m = 0; m < 500; m++) {
      batch.put('default', Buffer.from(`${m}/${n}/${'k'.repeat(100)}`), Buffer.alloc(100, n));
    }
    batch.write({ isSynced: false });
  }
  await database.close();
  const beside = await tableBytesOf(directory, false);
  const cached = await tableBytesOf(directory, true);
  assert.ok(beside > 50_000, `${beside} bytes beside the cache`);
  assert.ok(cached < beside / 2, `${cached} bytes instead of ${beside}`);
});

/** Memory of open tables outside of the block cache. */
async function tableBytesOf(directory: string, cachesTableIndexes: boolean): Promise<number> {
  const database = await openCatalog(directory, { cachesTableIndexes });
  const bytes = Number(database.property('rocksdb.estimate-table-readers-mem'));
  assert.equal(database.get('default', Buffer.from(`7/3/${'k'.repeat(100)}`))?.[0], 3);
  await database.close();
  return bytes;
}

test('a read after the end is an error, not the end of the process', async () => {
  const database = await openCatalog(temporaryDirectory(), {});
  const batch = database.createBatch();
  batch.put('default', Buffer.from('key'), Buffer.from('value'));
  await database.close();
  const closed = { message: 'the database is closed' };
  assert.throws(() => database.get('default', Buffer.from('key')), closed);
  assert.throws(() => database.range('default', { limit: 1 }), closed);
  assert.throws(() => database.property('rocksdb.stats'), closed);
  assert.throws(() => database.createBatch(), closed);
  assert.throws(() => batch.write({ isSynced: false }));
  await assert.rejects(database.close(), closed);
});
