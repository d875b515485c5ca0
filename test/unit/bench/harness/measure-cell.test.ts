import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeReadCorpora } from '#bench/corpus/corpora.js';
import type { LoadResult } from '#bench/harness/closed-loop.js';
import { measureInterleaved } from '#bench/harness/measure-cell.js';
import { formatCells } from '#bench/harness/result-table.js';
import type { RunningPeer } from '#bench/peers/peer.js';
import { scales } from '#bench/run-scale.js';
import type { BenchTarget } from '#bench/transactions/bench-case.js';

const corpora = makeReadCorpora(scales.tiny);

test('peers take turns, begin in turn, and the median of each is kept with the errors of all', async () => {
  const order: string[] = [];
  const unitsOf: Readonly<Record<string, readonly number[]>> = {
    first: [300, 100, 200],
    second: [20, 30, 10],
  };
  const cells = await measureInterleaved(
    {
      transaction: 'stow',
      name: 'case',
      concurrency: 4,
      unit: 'instances',
      needs: [],
      run: ({ peer }, repetition) => {
        order.push(peer.record.name);
        return Promise.resolve(loadOf(unitsOf[peer.record.name]?.[repetition] ?? 0));
      },
    },
    [targetOf('first'), targetOf('second')],
    3,
  );
  assert.deepEqual(order, ['first', 'second', 'second', 'first', 'first', 'second']);
  assert.deepEqual(
    cells.map((cell) => [cell.peer, cell.unitsPerSecond, cell.load.errorCount]),
    [
      ['first', 200, 3],
      ['second', 20, 3],
    ],
  );
  assert.deepEqual(cells[0]?.unitsPerSecondRuns, [300, 100, 200]);
  assert.ok((cells[0]?.server.rssPeakBytes ?? 0) > 0);
  assert.match(formatCells(cells), /second .* 10\.0x/);
});

test('a server that ended by itself is started again, and its end is an error', async () => {
  const benchCase = {
    transaction: 'frames',
    name: 'case',
    concurrency: 1,
    unit: 'requests',
    needs: [],
    run: () => Promise.resolve(loadOf(1)),
  };
  const [cell] = await measureInterleaved(benchCase, [targetOf('crashing', true)], 1);
  assert.deepEqual(cell?.load.errorSamples, ['answered 500', 'the server ended by itself']);
});

function targetOf(name: string, hasEnded = false): BenchTarget {
  const peer: RunningPeer = {
    record: { name, version: '1', settings: {} },
    pid: process.pid,
    httpPort: 0,
    dicomWebPath: '/dicom-web',
    dimsePort: 0,
    aeTitle: 'X',
    moveDestination: { aeTitle: 'SINK', port: 1 },
    logFile: '',
    holds: [],
    takeEventLoopDelay: () => Promise.resolve(undefined),
    restartIfEnded: () => Promise.resolve(hasEnded),
    stop: () => Promise.resolve(),
  };
  return { peer, corpora, scale: scales.tiny };
}

function loadOf(units: number): LoadResult {
  return {
    latency: { count: 1, meanMs: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1, maxMs: 1 },
    durationMs: 1000,
    units,
    bytes: 0,
    errorCount: 1,
    errorSamples: ['answered 500'],
    clientCpuShare: 0,
  };
}
