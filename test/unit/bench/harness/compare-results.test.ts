import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { BenchResult, CellResult } from '#bench/harness/bench-result.js';
import { compareResults } from '#bench/harness/compare-results.js';

const NOISE_MIN = 0.1;

test('a change within the noise is none, one beyond it is', () => {
  const base = resultOf({ gantry: [1000] });
  const verdictAt = (unitsPerSecond: number): string | undefined =>
    compareResults(base, resultOf({ gantry: [unitsPerSecond] }), NOISE_MIN)[0]?.verdict;
  assert.deepEqual([850, 950, 1050, 1150].map(verdictAt), ['slower', 'same', 'same', 'faster']);
});

test('repetitions that scatter raise the noise', () => {
  const head = resultOf({ gantry: [500, 800, 1000] });
  const [change] = compareResults(resultOf({ gantry: [1000] }), head, NOISE_MIN);
  assert.equal(change?.verdict, 'same');
  assert.ok(change.noise > 0.3);
});

test('with the same peer in both runs the ratios to it are compared', () => {
  const base = resultOf({ gantry: [1000], orthanc: [100] });
  const onHalfTheMachine = resultOf({ gantry: [500], orthanc: [50] });
  const [change] = compareResults(base, onHalfTheMachine, NOISE_MIN);
  assert.equal(change?.verdict, 'same');
  assert.equal(change.basis, 'ratio to orthanc');
});

test('errors in the newer result are reported, not compared', () => {
  const head = resultOf({ gantry: [2000] }, 1);
  assert.equal(compareResults(resultOf({ gantry: [1000] }), head, NOISE_MIN)[0]?.verdict, 'errors');
});

function resultOf(runs: Readonly<Record<string, readonly number[]>>, errorCount = 0): BenchResult {
  const peers = Object.keys(runs);
  return {
    schemaVersion: 1,
    startedAt: '2000-01-01T00:00:00.000Z',
    scale: 'tiny',
    environment: {
      cpuModel: 'x',
      cpuCount: 2,
      memoryBytes: 1,
      kernel: '1',
      nodeVersion: 'v20',
      gitRevision: 'abc',
      packageVersions: {},
    },
    peers: peers.map((name) => ({ name, version: '1', settings: {} })),
    cells: Object.entries(runs).map(([peer, values]) => cellOf(peer, values, errorCount)),
  };
}

function cellOf(peer: string, runs: readonly number[], errorCount: number): CellResult {
  const unitsPerSecond = [...runs].sort((a, b) => a - b)[Math.floor((runs.length - 1) / 2)] ?? 0;
  return {
    transaction: 'stow',
    case: 'case',
    concurrency: 4,
    peer,
    unit: 'instances',
    unitsPerSecond,
    unitsPerSecondRuns: runs,
    load: {
      latency: { count: 1, meanMs: 1, p50Ms: 1, p95Ms: 1, p99Ms: 1, maxMs: 1 },
      durationMs: 1000,
      units: unitsPerSecond,
      bytes: 0,
      errorCount,
      errorSamples: [],
      clientCpuShare: 0,
    },
    server: { cpuSeconds: 1, rssPeakBytes: 1 },
  };
}
