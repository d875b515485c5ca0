import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hashPasscode,
  isPasscode,
  parsePasscodeHash,
} from '#src/dimse/user-identity/passcode-hash.js';

test('a passcode is known again by its hash, and no other is', async () => {
  const text = await hashPasscode(Buffer.from('geheim'));
  const hash = parsePasscodeHash(text);
  assert.ok(hash);
  assert.equal(await isPasscode(Buffer.from('geheim'), hash), true);
  assert.equal(await isPasscode(Buffer.from('geheiM'), hash), false);
  assert.equal(await isPasscode(Buffer.alloc(0), hash), false);
  assert.doesNotMatch(text, /geheim/);
  assert.match(text, /^scrypt:32768:8:3\$/);
});

test('RFC 7914 §12: the test vector of scrypt', async () => {
  const hash =
    '/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWIurzDZLiKjiG/xCSedmDDaxyevuUqD7m2DYMvfoswGQA';
  const text = `scrypt:1024:8:16$${Buffer.from('NaCl').toString('base64url')}$`;
  // Salts of RFC 7914 are shorter than ours may be.
  assert.equal(parsePasscodeHash(text + hash.replaceAll('+', '-').replaceAll('/', '_')), undefined);
  const expected = {
    ...{ N: 1024, r: 8, p: 16 },
    ...{ salt: Buffer.from('NaCl'), hash: Buffer.from(hash, 'base64') },
  };
  assert.equal(await isPasscode(Buffer.from('password'), expected), true);
});

test('a hash that would cost more than is reasonable, or is none, is not taken', () => {
  const tail = `$${'a'.repeat(22)}$${'b'.repeat(43)}`;
  assert.ok(parsePasscodeHash(`scrypt:32768:8:3${tail}`));
  for (const head of [
    '33000:8:3',
    '2097152:8:1',
    '32768:33:1',
    '32768:8:17',
    '1048576:16:1',
    '0:8:1',
  ]) {
    assert.equal(parsePasscodeHash(`scrypt:${head}${tail}`), undefined, head);
  }
  for (const text of ['', 'geheim', `scrypt:32768:8:3$short$${'b'.repeat(43)}`]) {
    assert.equal(parsePasscodeHash(text), undefined, text);
  }
});
