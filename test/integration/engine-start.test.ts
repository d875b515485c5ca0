import assert from 'node:assert/strict';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openEngine } from '#engine/open-engine.js';
import { engineOptions } from '#test/helpers/test-engine.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

test('an engine whose index cannot be opened has ended its threads when it says so', async () => {
  const dataDir = temporaryDirectory();
  const index = { ...engineOptions.index, threads: 0 };
  // A thread that went on would read a catalogue that is closed, which ends the process.
  await assert.rejects(
    openEngine({ ...engineOptions, index, dataDir }, log),
    /Failed to set config/,
  );
  const engine = await openEngine({ ...engineOptions, dataDir }, log);
  assert.ok(engine.health().isReady);
  await engine.close();
});

test('an index, its log and what is in the way of moving it aside may be directories', async () => {
  const dataDir = temporaryDirectory();
  for (const name of ['index.duckdb', 'index.duckdb.wal', 'index.duckdb.damaged']) {
    mkdirSync(join(dataDir, name, 'folder'), { recursive: true });
  }
  const engine = await openEngine({ ...engineOptions, dataDir }, log);
  assert.ok(engine.health().isReady);
  await engine.close();
  rmSync(join(dataDir, 'index.duckdb'), { recursive: true });
  mkdirSync(join(dataDir, 'index.duckdb.wal', 'folder'), { recursive: true });
  const again = await openEngine({ ...engineOptions, dataDir }, log);
  await again.close();
});
