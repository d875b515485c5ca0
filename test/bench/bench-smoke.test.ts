import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { readBenchResult } from '#bench/harness/bench-result.js';
import { findDcmtkVersion } from '#bench/peers/dcmtk-process.js';
import { isGantryBuilt } from '#bench/peers/gantry.js';
import { isOrthancInstalled } from '#bench/peers/orthanc.js';

const RUN_FILE = fileURLToPath(new URL('../../bench/run.js', import.meta.url));
const RUN_TIMEOUT_MS = 300_000;

test('the whole bench at tiny scale finds no wrong answer of the server', (t) => {
  if (!isGantryBuilt()) return t.skip('SKIPPED: the server is not built');
  checkRun(t, ['--subject', 'gantry']);
});

test('studies generated into a store are found by every search, and what is very long is read', (t) => {
  if (!isGantryBuilt()) return t.skip('SKIPPED: the server is not built');
  checkRun(t, ['--subject', 'gantry-generated', '--only', 'large,extremes']);
});

test('the bench drives Orthanc and DCMTK and finds no wrong answer', (t) => {
  if (!isOrthancInstalled()) return t.skip('SKIPPED: Orthanc is not installed');
  const isDcmtkInstalled = findDcmtkVersion('dcmqrscp') !== undefined;
  const peers = isDcmtkInstalled ? ['--peer', 'dcmqrscp'] : [];
  checkRun(t, ['--subject', 'orthanc', ...peers, '--only', 'frames,stow,cstore,cfind']);
});

function checkRun(t: TestContext, args: readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-bench-smoke-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const jsonFile = join(folder, 'result.json');
  const run = spawnSync(
    process.execPath,
    [RUN_FILE, '--scale', 'tiny', '--json', jsonFile, '--work-dir', folder, ...args],
    { encoding: 'utf8', timeout: RUN_TIMEOUT_MS },
  );
  if (run.stderr.includes('loopback-only network namespace, refused')) {
    t.skip(`SKIPPED: ${run.stderr}`);
    return;
  }
  assert.equal(run.status, 0, run.stdout + run.stderr);
  const result = readBenchResult(jsonFile);
  assert.ok(result.cells.length > 0);
  for (const cell of result.cells) {
    assert.equal(cell.load.errorCount, 0);
    assert.ok(cell.unitsPerSecond > 0);
    assert.ok(cell.server.rssPeakBytes > 0);
  }
}
