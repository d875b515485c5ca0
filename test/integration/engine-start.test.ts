import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openEngine } from '#engine/open-engine.js';
import { engineOptions } from '#test/helpers/test-engine.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

test('an engine whose index cannot be opened has ended its threads when it says so', async () => {
  const dataDir = temporaryDirectory();
  const aside = join(dataDir, 'index.duckdb.damaged');
  // Neither an index nor something that could be moved out of the way.
  writeFileSync(join(dataDir, 'index.duckdb'), 'no index');
  mkdirSync(join(aside, 'folder'), { recursive: true });
  // A thread that went on would read a catalogue that is closed, which ends the process.
  await assert.rejects(openEngine({ ...engineOptions, dataDir }, log), /is a directory/);
  rmSync(aside, { recursive: true });
  const engine = await openEngine({ ...engineOptions, dataDir }, log);
  assert.ok(engine.health().isReady);
  await engine.close();
});
