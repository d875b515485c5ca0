import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { verifyStore } from '#engine/maintenance/verify-store.js';
import { orderedKeysVersionKey } from '#engine/store/catalog/catalog-keys.js';
import { prepareDataDirectory } from '#engine/store/data-directory.js';
import { openStore } from '#engine/store/open-store.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

test('a directory of another format is refused with both numbers, and stays as it is', async () => {
  const directory = temporaryDirectory();
  prepareDataDirectory(directory);
  const formatFile = join(directory, 'FORMAT');
  for (const [text, message] of [
    ['gantry 2\n', /has format 2, this program reads 1/],
    ['something\n', /has format unknown, this program reads 1/],
  ] as const) {
    writeFileSync(formatFile, text);
    assert.throws(() => prepareDataDirectory(directory), message);
    const index = { memoryLimitBytes: 64 * 1024 * 1024, threads: 1 };
    const verified = verifyStore({ dataDir: directory, index }, () => undefined);
    await assert.rejects(verified, message);
    assert.equal(readFileSync(formatFile, 'utf8'), text);
  }
});

test('keys that an older program did not write are added once, and those of a newer one refused', async () => {
  const directory = temporaryDirectory();
  const written = async (version: number): Promise<void> => {
    const { database, close } = await openStore({ directory });
    const batch = database.createBatch();
    batch.put('default', orderedKeysVersionKey, Buffer.of(version));
    batch.write({ isSynced: true });
    await close();
  };
  await written(1);
  const { database, close } = await openStore({ directory });
  assert.ok(database.get('default', orderedKeysVersionKey)![0]! > 1);
  await close();
  await written(200);
  await assert.rejects(openStore({ directory }), /have version 200, this program writes \d+/);
});

test('a directory that cannot be used is refused with the reason', () => {
  const file = join(temporaryDirectory(), 'file');
  writeFileSync(file, '');
  assert.throws(() => prepareDataDirectory(file), /a part of its path is no directory/);
  assert.throws(() => prepareDataDirectory(join(file, 'below')), /is no directory/);
});

test('a directory without permission is refused with the reason', (t) => {
  if (process.geteuid?.() !== 0) {
    t.skip('SKIPPED: only root can become somebody who lacks a permission');
    return;
  }
  const directory = temporaryDirectory();
  mkdirSync(join(directory, 'data'));
  chmodSync(directory, 0o700);
  process.seteuid!(65_534);
  try {
    assert.throws(() => prepareDataDirectory(join(directory, 'data')), /has no permission/);
  } finally {
    process.seteuid!(0);
  }
});

test('segments without their catalogue, and what a cut off restore or rebuild left, are refused', () => {
  const directory = temporaryDirectory();
  prepareDataDirectory(directory);
  writeFileSync(join(directory, 'segments', '00000001.seg'), '');
  assert.throws(() => prepareDataDirectory(directory), /segments but no catalogue/);
  writeFileSync(join(directory, 'REBUILDING'), '');
  assert.throws(() => prepareDataDirectory(directory), /rebuild-catalog was cut off/);
  writeFileSync(join(directory, 'RESTORING'), '');
  assert.throws(() => prepareDataDirectory(directory), /restore was cut off/);
});
