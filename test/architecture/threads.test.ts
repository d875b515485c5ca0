import assert from 'node:assert/strict';
import { join } from 'node:path/posix';
import { test } from 'node:test';
import { listRepositoryFiles, readRepositoryFile } from '#test/helpers/repository.js';

const sources = listRepositoryFiles().filter((path) => /^(engine|src)\/.*\.ts$/.test(path));

/** Source files that `new URL('….worker.js', import.meta.url)` leads to, with who says so. */
const started = sources.flatMap((path) =>
  [
    ...readRepositoryFile(path).matchAll(/new URL\(\s*'([^']+\.worker)\.js',\s*import\.meta\.url/g),
  ].map(([, target]) => ({ from: path, entry: `${join(path, '..', target ?? '')}.ts` })),
);

test('every thread that is started has an entry file', () => {
  assert.ok(started.length > 0);
  assert.deepEqual(
    started.filter(({ entry }) => !sources.includes(entry)),
    [],
  );
});

const isInThreads = (path: string): boolean => path.startsWith('engine/threads/');

test('threads are made by engine/threads alone', () => {
  const makers = sources.filter((path) => /new (Piscina|Worker)\b/.test(readRepositoryFile(path)));
  assert.ok(makers.length > 0);
  assert.deepEqual(
    makers.filter((path) => !isInThreads(path)),
    [],
  );
});

test('entry files are named by engine/threads, or given to its background pool', () => {
  const others = started.filter(({ from }) => !isInThreads(from));
  assert.deepEqual(
    others.filter(
      ({ from }) => !readRepositoryFile(from).includes("'#engine/threads/background-pool.js'"),
    ),
    [],
  );
});

test('every entry file is started', () => {
  const entries = sources.filter((path) => path.endsWith('.worker.ts'));
  const startedEntries = new Set(started.map(({ entry }) => entry));
  assert.deepEqual(
    entries.filter((entry) => !startedEntries.has(entry)),
    [],
  );
});

test('messages between threads are types: nothing of them is left in the build', () => {
  const built = readRepositoryFile('dist/engine/threads/task-messages.js');
  assert.match(built, /^export \{\};\n/);
});
