import assert from 'node:assert/strict';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { openStore } from '#engine/store/open-store.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { assertConsistent } from '#test/helpers/store-checks.js';
import { StoreThreadClient, stopRunningClients } from '#test/helpers/store-thread-client.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const mib = 1024 * 1024;
const received = Buffer.alloc(mib, 7);

afterEach(stopRunningClients);

test('segments that were begun in a crash keep what was written and give back the zeros', async () => {
  const directory = temporaryDirectory();
  const segments = join(directory, 'segments');
  await commitOne(directory, '1.1');
  writeFileSync(join(segments, '00000002.seg'), Buffer.alloc(3 * mib));
  const written = Buffer.alloc(3 * mib);
  written.fill(1, 0, mib + 5_000);
  writeFileSync(join(segments, '00000003.seg'), written);
  writeFileSync(join(segments, '00000004.seg'), '');

  await commitOne(directory, '1.2');
  assert.deepEqual(readdirSync(segments).sort(), ['00000001.seg', '00000003.seg', '00000004.seg']);
  assert.equal(statSync(join(segments, '00000003.seg')).size, mib + 8_192);
  const store = await openStore({ directory });
  assert.equal(assertConsistent(store), 2);
  await store.close();
});

/** A store of which no segment has room for two of them. */
async function commitOne(directory: string, sop: string): Promise<void> {
  const client = await StoreThreadClient.start(directory, { segmentBytes: 1.5 * mib });
  const request = client.request(buildParsedInstance(received, { sop }), received);
  assert.deepEqual(await client.commit([request]), ['stored']);
  await client.stop();
}
