import assert from 'node:assert/strict';
import { statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { FreeSpace } from '#engine/store/free-space.js';

const gib = 1024 ** 3;

function freeBytes(): number {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
}

const isStorageFull = (error: unknown): boolean =>
  error instanceof GantryError && error.code === 'storage-full';

test('what would use the reserve is refused, and what does not is taken', () => {
  const free = freeBytes();
  assert.throws(() => new FreeSpace(tmpdir(), free + gib).take(1), isStorageFull);
  new FreeSpace(tmpdir(), 1).take(1);
  assert.throws(() => new FreeSpace(tmpdir(), 1).take(free + gib), isStorageFull);
});

test('what was taken and not written makes no refusal', () => {
  const space = new FreeSpace(tmpdir(), 1);
  const most = freeBytes() * 0.75;
  space.take(most);
  space.take(most);
});

test('without a reserve the disk may be filled', () => {
  new FreeSpace('/no/such/directory', 0).take(Number.MAX_SAFE_INTEGER);
});
