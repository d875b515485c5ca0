import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { startGantry, type GantryProcess } from '#test/helpers/gantry-process.js';

const anyPorts = ['--http-port', '0', '--dimse-port', '0', '--banner'];

function start(
  t: TestContext,
  args: readonly string[] = anyPorts,
  env?: NodeJS.ProcessEnv,
): GantryProcess {
  const gantry = startGantry(args, env);
  t.after(() => gantry.dispose());
  return gantry;
}

async function httpUrlOf(gantry: GantryProcess): Promise<string> {
  const [, url] = await gantry.waitForOutput(/DICOMweb +(\S+)\/dicom-web/);
  assert.ok(url);
  return url;
}

test('the operations endpoints answer after the start', async (t) => {
  const url = await httpUrlOf(start(t));
  for (const [path, type] of [
    ['/livez', 'text/plain'],
    ['/readyz', 'text/plain'],
    ['/version', 'application/json'],
    ['/metrics', 'text/plain'],
  ] as const) {
    const response = await fetch(`${url}${path}`);
    assert.equal(response.status, 200, path);
    assert.ok(response.headers.get('content-type')?.startsWith(type), path);
    await response.text();
  }
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} stops it with exit code 0`, async (t) => {
    const gantry = start(t);
    await httpUrlOf(gantry);
    gantry.child.kill(signal);
    assert.equal(await gantry.exited, 0);
    assert.match(gantry.output(), /"msg":"stopped"/);
  });
}

test('a second signal ends it at once with exit code 1', async (t) => {
  const gantry = start(t);
  await httpUrlOf(gantry);
  gantry.child.kill('SIGTERM');
  gantry.child.kill('SIGINT');
  assert.equal(await gantry.exited, 1);
});

test('a faulty configuration is reported whole, with exit code 1', async (t) => {
  const gantry = start(t, ['--http-port', 'x'], { GANTRY_LOG_LEVEL: 'loud' });
  assert.equal(await gantry.exited, 1);
  assert.match(
    gantry.output(),
    /http\.port: .*\(--http-port\)\n.*log\.level: .*\(GANTRY_LOG_LEVEL\)/,
  );
});

test('keys of TLS that cannot be used are faults of the configuration', async (t) => {
  const directory = temporaryDirectory();
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  writeFileSync(cert, 'no certificate');
  const gantry = start(t, ['--http-tls-key-file', key, '--http-tls-cert-file', cert]);
  assert.equal(await gantry.exited, 1);
  assert.match(
    gantry.output(),
    /http\.tls\.keyFile: cannot be read: ENOENT.*\(--http-tls-key-file\)/,
  );
  writeFileSync(key, 'no key');
  const other = start(t, ['--dimse-tls-key-file', key, '--dimse-tls-cert-file', cert]);
  assert.equal(await other.exited, 1);
  assert.match(other.output(), /dimse\.tls\.keyFile: is no key for the certificate/);
});

test('an address in use ends the start with exit code 1', async (t) => {
  const occupant = createServer().listen(0, '127.0.0.1');
  t.after(() => occupant.close());
  await once(occupant, 'listening');
  const { port } = occupant.address() as { port: number };
  const gantry = start(t, ['--http-port', String(port), '--dimse-port', '0']);
  assert.equal(await gantry.exited, 1);
  assert.match(gantry.output(), /cannot listen on 127\.0\.0\.1:\d+/);
  const other = start(t, ['--http-port', '0', '--dimse-port', String(port)]);
  assert.equal(await other.exited, 1);
  assert.match(other.output(), /EADDRINUSE.*127\.0\.0\.1:\d+$/m);
  assert.doesNotMatch(other.output(), /^ +at /m);
});
