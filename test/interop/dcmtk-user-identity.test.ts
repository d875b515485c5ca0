import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SignJWT } from 'jose';
import { dcmtkMissing, runDcmtk } from '#test/helpers/dcmtk.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { startServer } from '#test/helpers/server.js';
import type { TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const mainPath = fileURLToPath(new URL('../../src/main.js', import.meta.url));

describe('PS3.7 §D.3.3.7: user identity by storescu', { skip: dcmtkMissing }, () => {
  const directory = temporaryDirectory();
  const secret = Buffer.alloc(48, 'k');
  let server: TestServer;

  before(async () => {
    const line = execFileSync(process.execPath, [mainPath, 'hash-passcode', 'ward'], {
      input: 'geheim\n',
    });
    writeFileSync(join(directory, 'users'), line);
    writeFileSync(join(directory, 'secret'), secret);
    writeFileSync(join(directory, 'ct.dcm'), buildCtInstance('9.1', 1).part10);
    const options = {
      'user-identity-required': 'true',
      'user-identity-users-file': join(directory, 'users'),
      'user-identity-jwt-secret-file': join(directory, 'secret'),
      'user-identity-jwt-audience': 'gantry',
    };
    server = await startServer({
      dataDir: join(directory, 'data'),
      args: Object.entries(options).flatMap(([key, value]) => [`--dimse-${key}`, value]),
    });
  });

  after(async () => {
    await server.stop();
  });

  async function store(...identity: string[]): Promise<string> {
    const address = ['127.0.0.1', String(server.dimsePort), join(directory, 'ct.dcm')];
    const { exitCode, output } = await runDcmtk('storescu', ['-v', ...identity, ...address]);
    return exitCode === 0 ? 'stored' : output;
  }

  async function tokenFile(expiry: string): Promise<string> {
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS384' })
      .setSubject('dr.who')
      .setAudience('gantry')
      .setExpirationTime(expiry)
      .sign(secret);
    const path = join(directory, `token${expiry}`);
    writeFileSync(path, token);
    return path;
  }

  test('a user with the right passcode comes in, and is answered when asking for it', async () => {
    assert.equal(await store('--user', 'ward', '--password', 'geheim'), 'stored');
    assert.equal(await store('--user', 'ward', '--password', 'geheim', '--pos-response'), 'stored');
    assert.match(server.output(), /"userName":"ward"/);
  });

  test('a token comes in while it is good', async () => {
    assert.equal(await store('--jwt', await tokenFile('5m'), '--pos-response'), 'stored');
    assert.match(server.output(), /"userName":"dr.who"/);
    assert.match(await store('--jwt', await tokenFile('-5m')), /Result: Rejected Permanent/);
  });

  test('everybody else is rejected, and the inspector says why', async () => {
    for (const [identity, hint] of [
      [['--user', 'ward', '--password', 'other'], 'are not those'],
      [['--user', 'ward'], 'not checked here'],
      [[], 'offers no user identity'],
    ] as const) {
      assert.match(await store(...identity), /Result: Rejected Permanent/);
      const response = await fetch(`${server.httpUrl}/admin/associations`);
      const { associations } = (await response.json()) as {
        associations: { hints: string[] }[];
      };
      assert.ok(associations[0]?.hints[0]?.includes(hint), JSON.stringify(associations[0]?.hints));
    }
    assert.doesNotMatch(server.output(), /geheim/);
  });
});
