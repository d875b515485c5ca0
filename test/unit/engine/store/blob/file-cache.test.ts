import assert from 'node:assert/strict';
import { fstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileCache } from '#engine/store/blob/file-cache.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const isOpen = (fd: number): boolean => {
  try {
    fstatSync(fd);
    return true;
  } catch {
    return false;
  }
};

test('files stay open up to the limit; one in use is closed when its user is done', async () => {
  const directory = temporaryDirectory();
  const paths = ['a', 'b', 'c'].map((name) => join(directory, name));
  for (const path of paths) writeFileSync(path, 'x');
  const cache = new FileCache(2);

  let release = (): void => undefined;
  let slowFd = -1;
  const slow = cache.with(paths[0]!, (fd) => {
    slowFd = fd;
    return new Promise<void>((resolve) => (release = resolve));
  });
  const second = cache.with(paths[1]!, (fd) => fd);
  assert.equal(
    cache.with(paths[1]!, (fd) => fd),
    second,
  );
  cache.with(paths[2]!, () => undefined);
  assert.equal(isOpen(slowFd), true);
  release();
  await slow;
  assert.equal(isOpen(slowFd), false);
  assert.equal(isOpen(second), true);
  cache.close();
  assert.equal(isOpen(second), false);
});

test('an error of the user is passed on and leaves the file usable', () => {
  const path = join(temporaryDirectory(), 'a');
  writeFileSync(path, 'x');
  const cache = new FileCache(2);
  assert.throws(() =>
    cache.with(path, () => {
      throw new Error('mine');
    }),
  );
  assert.equal(
    cache.with(path, (fd) => isOpen(fd)),
    true,
  );
  cache.close();
});
