import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkConfig } from '#src/config/check-config.js';
import { loadConfig } from '#src/config/load-config.js';

/** Keys of the faults that flags lead to. */
function check(flags: Readonly<Record<string, string>>): string[] {
  try {
    loadConfig({ env: {}, flags: new Map(Object.entries(flags)) });
    return [];
  } catch (error) {
    return (error as { faults: { key: string }[] }).faults.map((fault) => fault.key);
  }
}

describe('listening beyond loopback', () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'store.example', '127.example', '128.0.0.1']) {
    test(`${host} is refused until the risk is accepted`, () => {
      assert.deepEqual(check({ '--http-host': host }), ['http.host']);
      assert.deepEqual(check({ '--dimse-host': host }), ['dimse.host']);
      assert.deepEqual(
        check({ '--http-host': host, '--dimse-host': host, '--insecure': 'true' }),
        [],
      );
    });
  }

  for (const host of ['127.0.0.1', '127.1.2.3', '::1', 'localhost']) {
    test(`${host} is loopback`, () => {
      assert.deepEqual(check({ '--http-host': host, '--dimse-host': host }), []);
    });
  }

  test('TLS without authentication does not help', () => {
    const tls = { '--http-tls-key-file': 'k', '--http-tls-cert-file': 'c' };
    assert.deepEqual(check({ '--http-host': '0.0.0.0', ...tls }), ['http.host']);
  });

  test('user identity does not help on a host whose port without TLS shows passcodes', () => {
    const identity = {
      '--dimse-user-identity-required': 'true',
      '--dimse-user-identity-users-file': 'u',
    };
    assert.deepEqual(check({ '--dimse-host': '0.0.0.0', ...identity }), ['dimse.host']);
  });
});

const contradictions: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ['http.tls.keyFile', { '--http-tls-key-file': 'k' }],
  ['http.tls.keyFile', { '--http-tls-cert-file': 'c' }],
  ['dimse.port', { '--dimse-port': '8080' }],
  ['ingest.sessionBytesMax', { '--ingest-arena-bytes': '33554432' }],
  ['ingest.spillBytes', { '--ingest-session-bytes-max': '1048576' }],
  ['index.defaultLimit', { '--index-results-max': '10' }],
  ['remoteAes', { '--remote-aes': 'A@h:1,A@i:2' }],
];
for (const [key, flags] of contradictions) {
  test(`${Object.keys(flags).join(', ')} against the other options is a fault of ${key}`, () => {
    assert.deepEqual(check(flags), [key]);
  });
}

test('any free port may be asked for twice', () => {
  assert.deepEqual(check({ '--dimse-port': '0', '--http-port': '0' }), []);
});

test('a rule is left out while one of its options is faulty itself', () => {
  const { config } = loadConfig({ env: {}, flags: new Map() });
  const exposed = { ...config, http: { ...config.http, host: '0.0.0.0' } };
  assert.equal(checkConfig(exposed, new Set()).length, 1);
  assert.equal(checkConfig(exposed, new Set(['insecure'])).length, 0);
});
