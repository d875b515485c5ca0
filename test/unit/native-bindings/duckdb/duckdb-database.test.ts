import { join } from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  DuckdbDatabase,
  isDuckdbInterrupt,
  type DuckdbConnection,
} from '#native-bindings/duckdb/duckdb-database.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

async function withConnection(
  path: string,
  work: (connection: DuckdbConnection) => Promise<void>,
): Promise<void> {
  const database = await DuckdbDatabase.open(path, {
    memoryBytesMax: 64 * 1024 * 1024,
    threadCount: 1,
    temporaryDirectory: '',
    checkpointBytes: 1024 * 1024,
  });
  const connection = await database.connect();
  try {
    await work(connection);
  } finally {
    await connection.close();
    database.close();
  }
}

const endless = 'SELECT count(*) FROM range(1000000000000) a, range(1000) b';

test('values are bound and come back by type', async () => {
  await withConnection(':memory:', async (connection) => {
    const rows = await connection.run('SELECT $1, $2, $3, list_contains($4, $1), NULL', [
      "x'; --",
      1.5,
      7n,
      ['y', "x'; --"],
    ]);
    assert.deepEqual(rows, [["x'; --", 1.5, 7n, true, null]]);
  });
});

test('a transaction that throws leaves nothing', async () => {
  await withConnection(':memory:', async (connection) => {
    await connection.run('CREATE TABLE t (a BIGINT, b VARCHAR)');
    const error = new Error('on purpose');
    const failing = connection.transaction(async () => {
      await connection.append('t', [[1n, 'x']]);
      throw error;
    });
    await assert.rejects(failing, error);
    await connection.transaction(async () => {
      await connection.append('t', [
        [2n, null],
        [3n, 'y'],
      ]);
    });
    assert.deepEqual(await connection.run('SELECT a, b FROM t ORDER BY a'), [
      [2n, null],
      [3n, 'y'],
    ]);
  });
});

test('SQL reaches no file, no extension and no setting', async () => {
  await withConnection(join(temporaryDirectory(), 'a.duckdb'), async (connection) => {
    for (const sql of [
      'SET threads = 2',
      'SET enable_external_access = true',
      "ATTACH '/tmp/other.duckdb'",
      "COPY (SELECT 1) TO '/tmp/other.csv'",
      "SELECT * FROM read_csv('/etc/hostname')",
      'INSTALL httpfs',
    ]) {
      await assert.rejects(connection.run(sql), sql);
    }
  });
});

test('an aborted statement ends, and the connection goes on', async () => {
  await withConnection(':memory:', async (connection) => {
    const abort = new AbortController();
    const running = connection.run(endless, [], abort.signal);
    abort.abort();
    await assert.rejects(running, isDuckdbInterrupt);
    assert.deepEqual(await connection.run('SELECT 1::DOUBLE'), [[1]]);
  });
});

test('closing ends the running statement first', async () => {
  let running: Promise<unknown> | undefined;
  await withConnection(':memory:', async (connection) => {
    running = connection.run(endless);
    running.catch(() => undefined);
  });
  await assert.rejects(running ?? Promise.resolve(), isDuckdbInterrupt);
});
