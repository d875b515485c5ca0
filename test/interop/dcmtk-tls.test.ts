import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { silentLogger } from '#engine/base/logger.js';
import { defaultScuTimeouts, requestAssociation } from '#src/dimse/scu/association-requestor.js';
import { proposalOf } from '#src/dimse/scu/dimse-client.js';
import { echo } from '#src/dimse/scu/c-echo-scu.js';
import { dcmtkMissing, runDcmtk } from '#test/helpers/dcmtk.js';
import { startDimseFixture, until, verification } from '#test/helpers/dimse-fixture.js';
import type { DimseFixture } from '#test/helpers/dimse-fixture.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { createTlsKeys, opensslMissing } from '#test/helpers/tls-keys.js';
import type { TlsKeyFiles } from '#test/helpers/tls-keys.js';

const skip = dcmtkMissing || opensslMissing;

interface TlsFixture extends DimseFixture {
  readonly keys: TlsKeyFiles;
  readonly directory: string;
  /** Arguments of a DCMTK tool that has a certificate of the authority. */
  readonly clientArguments: readonly string[];
  readonly address: readonly [string, string];
}

async function startTlsFixture(t: TestContext, isMutual: boolean): Promise<TlsFixture> {
  const directory = temporaryDirectory();
  const keys = createTlsKeys(directory);
  const fixture = await startDimseFixture(t, {
    tls: {
      port: 0,
      key: readFileSync(keys.server.key),
      cert: readFileSync(keys.server.cert),
      ca: readFileSync(keys.ca),
      isMutual,
    },
  });
  return {
    ...fixture,
    keys,
    directory,
    clientArguments: ['+tls', keys.client.key, keys.client.cert, '+cf', keys.ca],
    address: ['127.0.0.1', String(fixture.tlsPort)],
  };
}

test(
  'PS3.15 §B.12: echoscu and storescu of DCMTK are served by mutual TLS',
  { skip },
  async (t) => {
    const { clientArguments, address, store, directory, inspector } = await startTlsFixture(
      t,
      true,
    );
    const echoed = await runDcmtk('echoscu', [...clientArguments, ...address]);
    assert.equal(echoed.exitCode, 0, echoed.output);
    const file = join(directory, 'ct.dcm');
    writeFileSync(file, buildCtInstance('9.1', 1).part10);
    const stored = await runDcmtk('storescu', [...clientArguments, ...address, file]);
    assert.equal(stored.exitCode, 0, stored.output);
    assert.equal(store.instances.length, 1);
    assert.ok(inspector.list().every(({ isTls }) => isTls));
  },
);

test(
  'PS3.15 §B.12: a peer without a certificate is refused, and the inspector says why',
  { skip },
  async (t) => {
    const { keys, address, inspector, counters } = await startTlsFixture(t, true);
    const { exitCode } = await runDcmtk('echoscu', ['+tla', '+cf', keys.ca, ...address]);
    assert.notEqual(exitCode, 0);
    await until(() => inspector.list().length > 0, 'the inspector to hear of it');
    assert.match(inspector.list()[0]?.hints[0] ?? '', /shows no certificate/);
    assert.equal(counters.accepted, 0);
  },
);

test('without mutual authentication a certificate is not needed', { skip }, async (t) => {
  const { keys, address } = await startTlsFixture(t, false);
  const echoed = await runDcmtk('echoscu', ['+tla', '+cf', keys.ca, ...address]);
  assert.equal(echoed.exitCode, 0, echoed.output);
});

test(
  'BCP 195: TLS 1.1 and cipher suites without forward secrecy are refused',
  { skip },
  async (t) => {
    const { keys, tlsPort } = await startTlsFixture(t, false);
    const attempt = (options: object): Promise<string> =>
      new Promise((resolve) => {
        const socket = connect(
          { port: tlsPort ?? 0, host: '127.0.0.1', ca: readFileSync(keys.ca), ...options },
          () => {
            resolve(socket.getCipher().name);
            socket.destroy();
          },
        );
        socket.once('error', () => resolve('refused'));
      });
    assert.equal(await attempt({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }), 'refused');
    const version = { maxVersion: 'TLSv1.2' };
    assert.equal(await attempt({ ...version, ciphers: 'AES256-GCM-SHA384' }), 'refused');
    assert.equal(await attempt({ ...version, ciphers: 'ECDHE-ECDSA-AES256-SHA384' }), 'refused');
    assert.match(await attempt(version), /^ECDHE-ECDSA-AES256-GCM/);
    assert.match(await attempt({}), /^TLS_AES_256_GCM/);
  },
);

test(
  'each side hears what the other speaks: TLS on the plain port, plain on the TLS port',
  { skip },
  async (t) => {
    const { clientArguments, address, port, inspector } = await startTlsFixture(t, true);
    await runDcmtk('echoscu', [...clientArguments, '127.0.0.1', String(port)]);
    await until(() => inspector.list().length > 0, 'the inspector to hear of it');
    assert.match(inspector.list()[0]?.hints[0] ?? '', /the peer speaks TLS/);
    await runDcmtk('echoscu', ['-ta', '2', '-td', '2', ...address]);
    await until(() => inspector.list().length > 1, 'the inspector to hear of it');
    assert.match(inspector.list()[0]?.hints[0] ?? '', /does not speak TLS/);
  },
);

test(
  'PS3.15 §B.12: our SCU calls by TLS, and refuses a server of another authority',
  { skip },
  async (t) => {
    const { keys, tlsPort } = await startTlsFixture(t, true);
    const open = (ca: string): ReturnType<typeof requestAssociation> =>
      requestAssociation({
        target: {
          host: '127.0.0.1',
          port: tlsPort ?? 0,
          calledAeTitle: 'GANTRY',
          callingAeTitle: 'SCU',
          tls: {
            key: readFileSync(keys.client.key),
            cert: readFileSync(keys.client.cert),
            ca: readFileSync(ca),
          },
        },
        proposal: proposalOf(verification),
        timeouts: defaultScuTimeouts,
        maximumLengthBytes: 0,
        logger: silentLogger,
      });
    const association = await open(keys.ca);
    assert.equal((await echo(association)).status, 0);
    await association.release();
    const other = createTlsKeys(temporaryDirectory());
    await assert.rejects(open(other.ca), { code: 'peer-unavailable' });
  },
);
