import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from '#engine/store/open-store.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { assertAcknowledged, assertConsistent } from '#test/helpers/store-checks.js';
import { StoreThreadClient, stopRunningClients } from '#test/helpers/store-thread-client.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';
import { delay } from '#test/helpers/wait.js';

const writer = fileURLToPath(new URL('../../helpers/crash-writer.js', import.meta.url));
const mib = 1024 * 1024;
const isWindows = process.platform === 'win32';

afterEach(stopRunningClients);

const isInstalled = (program: string): boolean => spawnSync(program, ['-V']).status === 0;

// The number of the sync that fails: some hit a segment, some the log of RocksDB.
for (const failing of [12, 19, 33]) {
  test(`after a failed sync nothing is acknowledged any more (sync ${failing})`, async (t) => {
    if (process.platform !== 'linux' || !isInstalled('strace')) {
      t.skip('SKIPPED: strace, which injects the fault, is not installed');
      return;
    }
    const directory = temporaryDirectory();
    const inject = `inject=fdatasync:error=EIO:when=${failing}`;
    const args = ['-f', '-q', '-o', '/dev/null', '-e', 'trace=fdatasync', '-e', inject];
    const child = spawn('strace', [...args, process.execPath, writer, directory, '1'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    const failedAt = lines.indexOf('failed');
    assert.ok(failedAt >= 0);
    const acknowledged = lines.slice(0, failedAt).map(Number);
    assert.deepEqual([...new Set(lines.slice(failedAt))], ['failed']);
    const store = await openStore({ directory });
    assertAcknowledged(store, acknowledged);
    assertConsistent(store);
    await store.close();
    t.diagnostic(`${acknowledged.length} acknowledged before`);
  });
}

// Long instances run out of space in a segment, short ones in the log of RocksDB.
for (const length of [300_000, 6_000]) {
  test(`a full disk fails commits until there is space again (${length} bytes)`, async (t) => {
    const mount = temporaryDirectory();
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mount]);
    if (mounted.status !== 0) {
      t.skip('SKIPPED: a file system of limited size needs the right to mount one');
      return;
    }
    try {
      await fillAndRelieve(join(mount, 'data'), length);
    } finally {
      spawnSync('umount', [mount]);
    }
  });
}

async function fillAndRelieve(directory: string, length: number): Promise<void> {
  mkdirSync(directory);
  const ballast = join(directory, 'ballast');
  writeFileSync(ballast, Buffer.alloc(8 * mib));
  const client = await StoreThreadClient.start(directory);
  let count = 0;
  let stored = 0;
  const commit = async (bytes = length): Promise<string> => {
    count += 1;
    const received = Buffer.alloc(bytes, 7);
    const instance = buildParsedInstance(received, { sop: `1.${count}` });
    const [result] = await client.commit([client.request(instance, received)]);
    if (result === 'stored') stored += 1;
    return typeof result === 'string' ? result : result!.code;
  };

  let result = await commit();
  while (result === 'stored') result = await commit();
  assert.equal(result, 'storage-full');
  assert.equal(await commit(), 'storage-full');
  assert.ok(stored > 10);

  unlinkSync(ballast);
  // RocksDB notices free space by itself, after a while. What is refused until then uses none of it.
  const usedBefore = segmentBytesOf(directory);
  while (!(await commitLarge(client))) {
    await commit(300_000);
    await delay(50);
  }
  stored += 1;
  assert.ok(segmentBytesOf(directory) - usedBefore < 2 * mib);
  const files = readdirSync(join(directory, 'segments'));
  assert.equal(files.filter((name) => name.endsWith('.big')).length, 1);
  assert.equal(await commit(), 'stored');
  assert.equal(client.replies.length, 0);
  await client.stop();

  const store = await openStore({ directory });
  assert.equal(assertConsistent(store), stored);
  await store.close();
}

function segmentBytesOf(directory: string): number {
  const segments = join(directory, 'segments');
  return readdirSync(segments).reduce((sum, name) => sum + statSync(join(segments, name)).size, 0);
}

test(
  'too many open files fail a commit, and the next one has files again',
  { skip: isWindows },
  () => {
    const directory = temporaryDirectory();
    const program = fileURLToPath(new URL('../../helpers/open-files-writer.js', import.meta.url));
    const command = 'ulimit -n 100 && exec "$0" "$@"';
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', command, process.execPath, program, directory],
      { encoding: 'utf8' },
    );
    const lines = stdout.split('\n').filter((line) => line !== '');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      [
        [{ code: 'out-of-resources', detail: 'too many open files' }, 'the spill failed'],
        ['stored', 'stored'],
      ],
      stderr,
    );
    const files = readdirSync(join(directory, 'segments')).map((name) => name.split('.')[1]);
    assert.deepEqual(files.sort(), ['big', 'seg']);
  },
);

let lastSpillId = 0;

/** Whether there was space for an instance that is spilled while it arrives. */
async function commitLarge(client: StoreThreadClient): Promise<boolean> {
  const received = Buffer.alloc(mib, 1);
  const spillId = ++lastSpillId;
  client.post(client.spillRequest(spillId, received));
  const instance = buildParsedInstance(received, { sop: `2.${spillId}` });
  const [result] = await client.commit([
    client.spilledRequest(instance, await client.spilled(spillId)),
  ]);
  return result === 'stored';
}
