import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { measureRawLimits } from '#bench/harness/raw-limits.js';
import { formatLimits } from '#bench/harness/result-table.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

test('the limits of disk and front are measured and leave nothing behind', async () => {
  const directory = temporaryDirectory();
  const limits = await measureRawLimits(directory, 50);
  assert.deepEqual(
    limits.map(({ unit }) => unit),
    ['objects', 'objects', 'requests'],
  );
  assert.ok(limits.every(({ unitsPerSecond }) => unitsPerSecond > 0));
  assert.deepEqual(readdirSync(directory), []);
  assert.equal(formatLimits(limits).split('\n').length, limits.length);
});
