import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { hashPasscode } from '#src/dimse/user-identity/passcode-hash.js';
import { readUserDirectory } from '#src/dimse/user-identity/user-directory.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

let line: string;

before(async () => {
  line = `ward 3:${await hashPasscode(Buffer.from('geheim'))}`;
});

function write(text: string): string {
  const path = join(temporaryDirectory(), 'users');
  writeFileSync(path, text);
  return path;
}

test('users of a file are known by name and passcode, again and again', async () => {
  const users = readUserDirectory(write(`# users of the ward\n\n${line}\r\n`));
  for (let time = 0; time < 2; time++) {
    assert.equal(await users.isUser('ward 3', Buffer.from('geheim')), true);
    assert.equal(await users.isUser('ward 3', Buffer.from('other')), false);
    assert.equal(await users.isUser('ward 4', Buffer.from('geheim')), false);
  }
});

test('too many callers at one time are told to come again', async () => {
  const users = readUserDirectory(write(line));
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
      () => readUserDirectory(write(text)),
      (error: Error) =>
        error.message.includes(`line ${number} `) && !error.message.includes('geheim'),
    );
  }
});
