import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dimseVerbs } from '#src/config/option-types.js';
import type { RemoteAe } from '#src/config/option-types.js';
import { isCommandPermitted, rightsOf, verbsOfAbstractSyntax } from '#src/dimse/access-rules.js';

const ct: RemoteAe = {
  aeTitle: 'CT',
  host: 'ct',
  port: 104,
  tls: false,
  verbs: ['echo', 'store'],
  addresses: ['192.0.2.1', '2001:db8::1'],
};
const findRemoteAe = (aeTitle: string): RemoteAe | undefined => (aeTitle === 'CT' ? ct : undefined);

test('a known AE has its verbs, from its addresses, also when a socket shows IPv4 as IPv6', () => {
  const rules = { findRemoteAe, unknownAeVerbs: dimseVerbs };
  const known = { isKnown: true, verbs: new Set(['echo', 'store']) };
  for (const remoteAddress of ['192.0.2.1', '::ffff:192.0.2.1', '2001:db8::1']) {
    assert.deepEqual(rightsOf({ aeTitle: 'CT', remoteAddress }, rules), known);
  }
  const ofNetwork = { ...ct, addresses: ['10.1.0.0/16', '2001:db8:1::/48'] };
  const networkRules = { findRemoteAe: () => ofNetwork, unknownAeVerbs: [] };
  for (const remoteAddress of ['10.1.255.1', '::ffff:10.1.0.1', '2001:db8:1:2::3']) {
    assert.deepEqual(rightsOf({ aeTitle: 'CT', remoteAddress }, networkRules), known);
  }
  for (const remoteAddress of ['10.2.0.1', '2001:db8:2::1', '', 'fe80::1%eth0']) {
    const refused = rightsOf({ aeTitle: 'CT', remoteAddress }, networkRules);
    assert.deepEqual(refused, { refusal: 'wrong-address' }, remoteAddress);
  }
  const elsewhere = rightsOf({ aeTitle: 'CT', remoteAddress: '192.0.2.2' }, rules);
  assert.deepEqual(elsewhere, { refusal: 'wrong-address' });
});

test('an unknown AE has what unknown ones may, or is refused', () => {
  const caller = { aeTitle: 'MR', remoteAddress: '192.0.2.9' };
  assert.deepEqual(rightsOf(caller, { findRemoteAe, unknownAeVerbs: ['echo'] }), {
    isKnown: false,
    verbs: new Set(['echo']),
  });
  const strict = rightsOf(caller, { findRemoteAe, unknownAeVerbs: [] });
  assert.deepEqual(strict, { refusal: 'unknown-ae' });
});

test('PS3.4: every class that is accepted belongs to verbs', () => {
  const table: readonly (readonly [uid: string, verbs: readonly string[]])[] = [
    ['1.2.840.10008.1.1', ['echo']],
    ['1.2.840.10008.5.1.4.1.1.2', ['store', 'get']],
    ['1.2.840.10008.1.20.1', ['store']],
    ['1.2.840.10008.5.1.4.1.2.1.1', ['find']],
    ['1.2.840.10008.5.1.4.1.2.2.2', ['move']],
    ['1.2.840.10008.5.1.4.1.2.2.3', ['get']],
  ];
  for (const [uid, verbs] of table) assert.deepEqual(verbsOfAbstractSyntax(uid), verbs, uid);
});

test('PS3.7 §E.1: requests belong to verbs; unknown ones are left to others to refuse', () => {
  const verbs = new Set(['find'] as const);
  assert.ok(isCommandPermitted(0x0020, verbs));
  for (const field of [0x0001, 0x0010, 0x0021, 0x0030, 0x0130]) {
    assert.ok(!isCommandPermitted(field, verbs));
  }
  assert.ok(isCommandPermitted(0x0140, verbs));
});
