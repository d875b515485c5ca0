import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bitRot } from './bit-rot.js';
import { failedSyncs } from './failed-syncs.js';
import { fullDisks } from './full-disks.js';
import { kills, stops } from './kills.js';
import { overload } from './overload.js';
import { untilDone, type Figures } from './scenario.js';
import { writePrefixes } from './write-prefixes.js';

/** Short forms of what `make reliability` runs. */
function assertZero(figures: Figures, names: readonly string[]): void {
  for (const name of names) assert.equal(figures[name], 0, name);
}

test('nothing acknowledged is lost when the server is killed', async () => {
  const figures = await kills(2, untilDone);
  assert.ok(Number(figures['instances acknowledged']) > 0);
  const { lost, corrupt, ...rest } = figures;
  assert.deepEqual({ lost, corrupt }, { lost: 0, corrupt: 0 });
  assertZero(rest, [
    'deleted and there again',
    'searches that show something else',
    'answers under load that break a promise',
    'problems found by verify (blobs, records, counters, change log, index)',
  ]);
});

test('a server that is stopped under load ends without an error and has what it acknowledged', async () => {
  const figures = await stops(2, untilDone);
  assert.ok(Number(figures['instances acknowledged']) > 0);
  assertZero(figures, [
    'with an exit code or a signal',
    'lost',
    'corrupt',
    'answers under load that break a promise',
  ]);
});

test('a power cut behind any write leaves what was acknowledged', async () => {
  const figures = await writePrefixes(16, untilDone);
  assert.ok(Number(figures['prefixes opened']) >= 16);
});

test('after a failed sync nothing is acknowledged', async () => {
  const figures = await failedSyncs(7, untilDone);
  assert.ok(Number(figures['syncs made to fail']) >= 5);
  assertZero(figures, ['acknowledged after the failure']);
});

test('a flipped bit is never served', async () => {
  assertZero(await bitRot(16, untilDone), ['wrong bytes served']);
});

test('a full disk refuses, serves, and takes again when there is space', async (t) => {
  const figures = await fullDisks(2, untilDone);
  if (figures === undefined) {
    t.skip('SKIPPED: a file system of limited size needs the right to mount one');
    return;
  }
  assert.ok(Number(figures['instances acknowledged']) > 20);
  assertZero(figures, [
    'lost',
    'refused and there nevertheless',
    'refusals other than 507 and A700',
    'reads and searches on the full disk that failed',
    'problems found by verify',
  ]);
});

test('ten times what can be stored is refused cleanly, and the rest is stored', async () => {
  const figures = await overload({ seconds: 6 }, untilDone);
  assert.ok(Number(figures['and during']) > 0);
  assert.ok(Number(figures['most RSS during, MiB']) < 600);
  assertZero(figures, ['other answers']);
});
