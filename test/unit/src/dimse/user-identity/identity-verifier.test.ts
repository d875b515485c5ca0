import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { UserIdentity } from '#engine/upper-layer/user-information.js';
import { createIdentityVerifier } from '#src/dimse/user-identity/identity-verifier.js';

const users = {
  isUser: (name: string, passcode: Uint8Array) =>
    Promise.resolve(
      name === 'ward' ? Buffer.from(passcode).equals(Buffer.from('geheim')) : undefined,
    ),
};

async function verifyToken(token: string): Promise<{ subject: string } | 'wrong' | 'unavailable'> {
  if (token === 'broken') throw new Error('a mistake of ours');
  return token === 'good' ? { subject: 'dr.who' } : token === 'bad' ? 'wrong' : 'unavailable';
}

function identity(type: number, primary: string, secondary = ''): UserIdentity {
  return {
    type,
    isPositiveResponseRequested: false,
    primaryField: Buffer.from(primary),
    secondaryField: Buffer.from(secondary),
  };
}

function refused(reason: string): object {
  return { result: 'refused', reason };
}

test('PS3.7 §D.3.3.7: identities of the kinds that are configured are checked, whether required or not', async () => {
  for (const isRequired of [true, false]) {
    const verify = createIdentityVerifier({ users, verifyToken, isRequired });
    const accepted = { result: 'accepted', userName: 'ward' };
    assert.deepEqual(await verify(identity(2, 'ward', 'geheim')), accepted);
    assert.deepEqual(await verify(identity(2, 'ward', 'other')), refused('wrong'));
    assert.deepEqual(await verify(identity(2, 'x', 'y')), refused('unverified'));
    assert.deepEqual(await verify(identity(5, 'good')), { ...accepted, userName: 'dr.who' });
    assert.deepEqual(await verify(identity(5, 'bad')), refused('wrong'));
    assert.deepEqual(await verify(identity(5, 'later')), refused('unverified'));
    assert.deepEqual(await verify(identity(5, 'broken')), refused('unverified'));
  }
});

test('PS3.7 §D.3.3.7: no identity, or one of another kind, is ignored unless one is required', async () => {
  const optional = createIdentityVerifier({ users, isRequired: false });
  const required = createIdentityVerifier({ users, isRequired: true });
  for (const type of [1, 3, 4, 5, 77]) {
    assert.deepEqual(await optional(identity(type, 'ward')), { result: 'ignored' });
    assert.deepEqual(await required(identity(type, 'ward')), refused('unsupported'));
  }
  assert.deepEqual(await optional(undefined), { result: 'ignored' });
  assert.deepEqual(await required(undefined), refused('missing'));
});
