import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readScratch, ScratchFile } from '#src/dicomweb/stow/scratch-file.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const mib = 1024 * 1024;
const ignore = (): void => undefined;

async function readBack(scratch: ScratchFile, position: number, length: number): Promise<Buffer> {
  const target = Buffer.alloc(length);
  await scratch.read(position, target);
  return target;
}

test('a little stays in memory, and makes no file', async () => {
  const directory = temporaryDirectory();
  const scratch = new ScratchFile(directory, ignore);
  const chunk = Buffer.from('abc');
  assert.equal(scratch.append(chunk), true);
  chunk.fill('x');
  scratch.append(Buffer.from('def'));
  await scratch.settle();
  assert.equal(scratch.length, 6);
  assert.equal((await readBack(scratch, 2, 3)).toString(), 'cde');
  assert.ok('bytes' in scratch.content());
  assert.deepEqual(readdirSync(directory), []);
  await scratch.close();
});

test('what stays in memory is put together once, however often it is read', async () => {
  const scratch = new ScratchFile(temporaryDirectory(), ignore);
  for (const text of ['ab', 'cd', 'ef']) scratch.append(Buffer.from(text));
  await scratch.settle();
  const [first, again] = [scratch.content(), scratch.content()];
  assert.ok('bytes' in first && 'bytes' in again);
  assert.equal(first.bytes, again.bytes);
  assert.equal((await readBack(scratch, 0, 6)).toString(), 'abcdef');
  await scratch.close();
});

test('much goes to a file without a name, asks for a pause, and says when to go on', async () => {
  const directory = temporaryDirectory();
  let drain = ignore;
  const drained = new Promise<void>((resolve) => (drain = resolve));
  const scratch = new ScratchFile(directory, () => drain());
  const pieces = Array.from({ length: 12 }, (_, n) => Buffer.alloc(mib, n + 1));
  assert.ok(pieces.map((piece) => scratch.append(piece)).includes(false));
  await drained;
  await scratch.settle();
  assert.deepEqual(readdirSync(directory), []);
  const across = await readBack(scratch, 5 * mib - 2, 4);
  assert.deepEqual([...across], [5, 5, 6, 6]);
  const content = scratch.content();
  assert.ok('fd' in content);
  const end = Buffer.alloc(8);
  await assert.rejects(readScratch(content, 12 * mib - 4, end), { code: 'processing-failure' });
  await scratch.close();
});

test('a sender that must pause while a first write is under way is told to go on, too', async () => {
  let drain = ignore;
  const drained = new Promise<void>((resolve) => (drain = resolve));
  const scratch = new ScratchFile(temporaryDirectory(), () => drain());
  scratch.append(Buffer.alloc(mib));
  await scratch.settle();
  // the file is open: the first of these is on its way to it when the others come
  const isTaken = [1, 2, 3, 4].map((n) => scratch.append(Buffer.alloc(mib, n)));
  assert.deepEqual(isTaken, [true, true, true, false]);
  await drained;
  await scratch.close();
});

test('a directory that cannot be written fails the request, not the process', async () => {
  const directory = join(temporaryDirectory(), 'file');
  writeFileSync(directory, '');
  const scratch = new ScratchFile(directory, ignore);
  scratch.append(Buffer.alloc(mib));
  await assert.rejects(scratch.settle(), { code: 'store-unavailable' });
  assert.equal(scratch.append(Buffer.alloc(8 * mib)), true, 'nothing more is kept');
  await scratch.close();
});
