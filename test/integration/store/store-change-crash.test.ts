import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { listSegmentFiles } from '#engine/store/blob/segment-files.js';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import { openStore, type OpenedStore } from '#engine/store/open-store.js';
import { numbersOfWriter, type WriterAction } from '#test/helpers/change-crash-writer.js';
import { numberedInstance } from '#test/helpers/crash-writer.js';
import { assertConsistent, readNumbered } from '#test/helpers/store-checks.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const writer = fileURLToPath(new URL('../../helpers/change-crash-writer.js', import.meta.url));
const rounds = 4;

/** Whether an instance is there; its bytes are those of `version`, also of one that was deleted and can come back. */
interface State {
  readonly isStored: boolean;
  readonly version: number;
}

/** What the writer was told of an instance last, and what it asked for since. */
interface Known {
  readonly state: State;
  readonly asked?: State;
}

/** Follows what the writer prints of each number. */
class WriterLog {
  readonly actionCounts = new Map<string, number>();
  readonly #known = new Map<number, Known>(
    numbersOfWriter.map((number) => [number, { state: { isStored: false, version: 0 } }]),
  );

  note(line: string): void {
    const [word, number, action, version] = line.split(' ');
    const { state, asked } = this.#known.get(Number(number))!;
    if (word === '?') {
      const isStored = action !== 'delete';
      const keepsVersion = action === 'delete' || action === 'undelete';
      const next = { isStored, version: keepsVersion ? state.version : Number(version) };
      this.#known.set(Number(number), { state, asked: next });
      const count = this.actionCounts.get(action as WriterAction) ?? 0;
      this.actionCounts.set(action as WriterAction, count + 1);
    } else {
      this.#known.set(Number(number), { state: word === 'ok' ? asked! : state });
    }
  }

  /** What was acknowledged is there and nothing else; of what was under way, all or nothing, which is then known. */
  check(store: OpenedStore): void {
    for (const [number, { state, asked }] of this.#known) {
      const bytes = readNumbered(store, number);
      const isThis = ({ isStored, version }: State): boolean =>
        isStored
          ? bytes?.equals(numberedInstance(number, version).received) === true
          : bytes === undefined;
      const found = [state, ...(asked === undefined ? [] : [asked])].find(isThis);
      assert.ok(
        found,
        `${number}: ${JSON.stringify({ state, asked, isThere: bytes !== undefined })}`,
      );
      this.#known.set(number, { state: found });
    }
  }
}

async function workAndKill(directory: string, log: WriterLog, count: number): Promise<void> {
  const child = spawn(process.execPath, [writer, directory], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exit = once(child, 'exit');
  let lineCount = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    log.note(line);
    lineCount += 1;
    if (lineCount === count) setTimeout(() => child.kill('SIGKILL'), Math.random() * 50);
  }
  await exit;
  assert.equal(child.signalCode, 'SIGKILL');
}

test('kill -9 while instances come, are replaced, go, return and move: each is what was acknowledged', async (t) => {
  const directory = temporaryDirectory();
  const log = new WriterLog();
  for (let round = 0; round < rounds; round++) {
    await workAndKill(directory, log, 200 + Math.floor(Math.random() * 200));
    const store = await openStore({ directory });
    log.check(store);
    const count = assertConsistent(store);
    t.diagnostic(`round ${round}: ${count} stored, ${store.reader.lastSequence()} changes`);
    await store.close();
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(log.actionCounts)));
  assert.equal(log.actionCounts.size, 4, 'every action was under way');
  const segments = listSegmentFiles(dataDirectoryOf(directory).segments);
  assert.ok(segments.length < segments.at(-1)!.number, 'segments were removed');
});
