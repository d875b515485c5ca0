import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { remoteAe } from '#src/config/option-types.js';
import type { RemoteAe } from '#src/config/option-types.js';
import { AeDirectory } from '#src/dimse/ae-directory.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const configured: RemoteAe = {
  aeTitle: 'FIXED',
  host: '127.0.0.1',
  port: 104,
  tls: false,
  verbs: ['echo'],
  addresses: [],
};

function open(directory: string): AeDirectory<RemoteAe> {
  return new AeDirectory({
    what: 'remote AE',
    schema: remoteAe().schema,
    configured: [configured],
    filePath: join(directory, 'remote-aes.json'),
  });
}

test('what is saved is found at once, and after a restart', async () => {
  const directory = temporaryDirectory();
  const remoteAes = open(directory);
  const saved = await remoteAes.save({ aeTitle: ' CT1 ', host: 'ct1', port: 11112 });
  assert.equal(saved.aeTitle, 'CT1');
  assert.equal(remoteAes.find('CT1')?.host, 'ct1');
  await remoteAes.save({ aeTitle: 'CT1', host: 'ct2', port: 11112, verbs: ['store'] });
  const again = open(directory);
  assert.deepEqual(again.find('CT1'), {
    aeTitle: 'CT1',
    host: 'ct2',
    port: 11112,
    tls: false,
    verbs: ['store'],
    addresses: [],
  });
  assert.deepEqual(
    again.list().map(({ aeTitle, origin }) => [aeTitle, origin]),
    [
      ['CT1', 'api'],
      ['FIXED', 'configuration'],
    ],
  );
  await again.remove('CT1');
  assert.equal(open(directory).find('CT1'), undefined);
  assert.deepEqual(readdirSync(directory), ['remote-aes.json']);
  assert.equal(statSync(join(directory, 'remote-aes.json')).mode & 0o777, 0o600);
});

test('changes at the same time are all kept', async () => {
  const directory = temporaryDirectory();
  const remoteAes = open(directory);
  const titles = Array.from({ length: 20 }, (_, index) => `AE${index}`);
  await Promise.all(titles.map((aeTitle) => remoteAes.save({ aeTitle, host: 'h', port: 1 })));
  assert.equal(open(directory).list().length, 21);
});

test('what is no remote AE, belongs to the configuration or is not there is refused', async () => {
  const remoteAes = open(temporaryDirectory());
  const wrong: readonly unknown[] = [
    null,
    [],
    { aeTitle: 'X' },
    { aeTitle: 'X\\Y', host: 'h', port: 1 },
    { aeTitle: 'X', host: 'h', port: 0 },
    { aeTitle: 'X', host: 'h', port: 1, verbs: ['delete'] },
    { aeTitle: 'X', host: 'h', port: 1, addresses: ['10.0.0'] },
    { aeTitle: 'X', host: 'h', port: 1, addresses: ['10.0.0.0/33'] },
    { aeTitle: 'X', host: 'h', port: 1, unknown: true },
  ];
  for (const candidate of wrong) {
    await assert.rejects(remoteAes.save(candidate), { code: 'bad-request' });
  }
  await assert.rejects(remoteAes.save({ ...configured }), { code: 'duplicate' });
  await assert.rejects(remoteAes.remove('FIXED'), { code: 'duplicate' });
  await assert.rejects(remoteAes.remove('OTHER'), { code: 'not-found' });
  assert.equal(remoteAes.list().length, 1);
});

test('a damaged file stops the start: peers must not vanish silently', () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'remote-aes.json'), '[{"aeTitle":"X"}]');
  assert.throws(() => open(directory), /remote-aes\.json is damaged; bring it back from a backup/);
});
