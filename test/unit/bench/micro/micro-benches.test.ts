import assert from 'node:assert/strict';
import { test } from 'node:test';

import { discoverMicroBenches } from '#bench/micro/discover-micro-benches.js';
import { measureMicro } from '#bench/micro/micro-bench.js';

for (const bench of await discoverMicroBenches())
  test(`the bench "${bench.name}" runs`, async () => {
    assert.equal((await measureMicro(bench, 0)).callCount, 1);
  });
