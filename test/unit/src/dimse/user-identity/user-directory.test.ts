import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import { hashPasscode } from '#src/dimse/user-identity/passcode-hash.js';
import { readUserDirectory } from '#src/dimse/user-identity/user-directory.js';
import type { UserDirectory } from '#src/dimse/user-identity/user-directory.js';
import { UsersFile } from '#src/dimse/user-identity/users-file.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

// What a passcode costs is a test of its own (passcode-hash.test.ts); here it is cheap.
const cost = { N: 16, r: 1, p: 1 };
let line: string;

before(async () => {
  line = `ward 3:${await hashPasscode(Buffer.from('geheim'), cost)}`;
});

function read(path: string): UserDirectory {
  return readUserDirectory(path, cost);
}

function write(text: string): string {
  const path = join(temporaryDirectory(), 'users');
  writeFileSync(path, text);
  return path;
}

test('users of a file are known by name and passcode, again and again', async () => {
  const users = read(write(`# users of the ward\n\n${line}\r\n`));
  for (let time = 0; time < 2; time++) {
    assert.equal(await users.isUser('ward 3', Buffer.from('geheim')), true);
    assert.equal(await users.isUser('ward 3', Buffer.from('other')), false);
    assert.equal(await users.isUser('ward 4', Buffer.from('geheim')), false);
  }
});

test('too many callers at one time are told to come again', async () => {
  const users = read(write(line));
  const answers = Array.from({ length: 33 }, (_, i) => users.isUser('x', Buffer.from([i])));
  assert.equal(await answers[32], undefined);
  assert.equal(await answers[0], false);
  await Promise.all(answers);
});

test('a line that is no user is named, without what it holds', () => {
  for (const [text, number] of [
    [`${line}\nsomebody`, 2],
    [`:${line}`, 1],
    [`a:geheim`, 1],
    [`${line}\n\n${line}`, 3],
  ] as const) {
    assert.throws(
      () => read(write(text)),
      (error: Error) =>
        error.message.includes(`line ${number} `) && !error.message.includes('geheim'),
    );
  }
});

test('a file is read again when it has changed; one that is damaged leaves the users as they were', async () => {
  const path = write(line);
  const users = new UsersFile(path, read, silentLogger);
  const isUser = (name: string): Promise<boolean | undefined> =>
    users.isUser(name, Buffer.from('geheim'));
  assert.deepEqual([await isUser('ward 3'), await isUser('ward 44')], [true, false]);
  writeFileSync(path, line.replace('ward 3', 'ward 44'));
  assert.deepEqual([await isUser('ward 3'), await isUser('ward 44')], [false, true]);
  writeFileSync(path, 'damaged');
  assert.equal(await isUser('ward 44'), true);
  rmSync(path);
  assert.equal(await isUser('ward 44'), true);
  writeFileSync(path, line);
  assert.deepEqual([await isUser('ward 3'), await isUser('ward 44')], [true, false]);
  assert.throws(() => new UsersFile(write('damaged'), read, silentLogger), /line 1/);
});
