import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openStore } from '#engine/store/open-store.js';
import { assertAcknowledged, assertConsistent } from '#test/helpers/store-checks.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const writer = fileURLToPath(new URL('../../helpers/crash-writer.js', import.meta.url));
const rounds = 5;

/** Lets a writer work until it has acknowledged `count` instances, and kills it in the middle of the next ones. */
async function writeAndKill(directory: string, first: number, count: number): Promise<number[]> {
  const child = spawn(process.execPath, [writer, directory, String(first)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const acknowledged: number[] = [];
  const exit = once(child, 'exit');
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === count) setTimeout(() => child.kill('SIGKILL'), Math.random() * 50);
  }
  await exit;
  return acknowledged;
}

test('a killed process loses nothing that it acknowledged and shows nothing half', async (t) => {
  const directory = temporaryDirectory();
  const acknowledged: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const first = round * 1_000_000 + 1;
    acknowledged.push(
      ...(await writeAndKill(directory, first, 50 + Math.floor(Math.random() * 250))),
    );
    const store = await openStore({ directory });
    assertAcknowledged(store, acknowledged);
    const count = assertConsistent(store);
    assert.ok(count >= acknowledged.length);
    t.diagnostic(`round ${round}: ${acknowledged.length} acknowledged, ${count} stored`);
    await store.close();
  }
});
