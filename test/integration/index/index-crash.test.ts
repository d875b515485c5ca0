import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { DuckdbQueryIndex } from '#engine/index/duckdb-query-index.js';
import { DuckdbIndexFile } from '#engine/index/index-file.js';
import { DuckdbDatabase } from '#native-bindings/duckdb/duckdb-database.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const writer = new URL('../../helpers/index-crash-writer.js', import.meta.url).pathname;
const options = { memoryBytesMax: 64 * 1024 * 1024, threadCount: 1, temporaryDirectory: '' };

test('after kill -9 the index holds exactly the rows of the sequence it names', async () => {
  const path = join(temporaryDirectory(), 'index.duckdb');
  const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    output += String(chunk);
    if (output.split('\n').length > 30) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  const applied = Number(output.trimEnd().split('\n').at(-1));

  const index = await DuckdbQueryIndex.open(path, options);
  const { appliedSequence } = index;
  assert.ok(appliedSequence >= applied, `${appliedSequence} after ${applied}`);
  await index.close();

  const database = await DuckdbDatabase.open(path, { ...options, checkpointBytes: 1024 * 1024 });
  const connection = await database.connect();
  const rows = await connection.run(
    'SELECT (SELECT count(*) FROM instances), (SELECT count(*) FROM studies), (SELECT max("sequence") FROM studies)',
  );
  assert.deepEqual(rows, [[BigInt(appliedSequence), 1n, BigInt(appliedSequence)]]);
  await connection.close();
  database.close();
});

test('an index that another process has open is left alone', async () => {
  const path = join(temporaryDirectory(), 'index.duckdb');
  const child = spawn(process.execPath, [writer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');
  await assert.rejects(new DuckdbIndexFile({ path, ...options }).open(), /lock/);
  assert.ok(existsSync(path));
  assert.ok(!existsSync(`${path}.damaged`));
  child.stdout.resume();
  child.kill('SIGKILL');
  await once(child, 'exit');
});
