import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listSegmentFiles } from '#engine/store/blob/segment-files.js';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import { openStore } from '#engine/store/open-store.js';
import { numberedInstance } from '#test/helpers/crash-writer.js';
import { numbersOfWriter } from '#test/helpers/delete-crash-writer.js';
import { assertAcknowledged, assertConsistent } from '#test/helpers/store-checks.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const writer = fileURLToPath(new URL('../../helpers/delete-crash-writer.js', import.meta.url));
const rounds = 6;

/** What the writer said last of each number: `+` stored, `-` deleted, `?` under way. */
type LastWords = Map<number, string>;

async function workAndKill(directory: string, lastWords: LastWords, count: number): Promise<void> {
  const child = spawn(process.execPath, [writer, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  let lineCount = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, number] = line.split(' ');
    lastWords.set(Number(number), word!);
    lineCount += 1;
    if (lineCount === count) setTimeout(() => child.kill('SIGKILL'), Math.random() * 50);
  }
  await exit;
  assert.equal(child.signalCode, 'SIGKILL');
}

test('kill -9 while instances come, go and move loses none and brings none back', async (t) => {
  const directory = temporaryDirectory();
  const lastWords: LastWords = new Map();
  for (let round = 0; round < rounds; round++) {
    await workAndKill(directory, lastWords, 200 + Math.floor(Math.random() * 200));
    const store = await openStore({ directory });
    const numbersWith = (word: string): number[] =>
      numbersOfWriter.filter((number) => lastWords.get(number) === word);
    assertAcknowledged(store, numbersWith('+'));
    for (const number of numbersWith('-')) {
      const { study, series, sop } = numberedInstance(number);
      const key = { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
      assert.equal(store.reader.findInstance(0, key), undefined, `${number} came back`);
    }
    const count = assertConsistent(store);
    t.diagnostic(`round ${round}: ${count} stored, ${store.reader.lastSequence()} changes`);
    await store.close();
  }
  const segments = listSegmentFiles(dataDirectoryOf(directory).segments);
  assert.ok(segments.length < segments.at(-1)!.number, 'segments were removed');
});
