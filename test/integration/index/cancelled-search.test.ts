import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { GantryError } from '#engine/base/error-catalogue.js';
import { withEngine } from '#test/helpers/test-engine.js';

test('a search that nobody waits for any more is not begun', async () => {
  await withEngine(async (engine) => {
    const query = {
      partition: 0,
      level: 'study',
      conditions: [],
      limit: 1,
      offset: 0,
      wantsTotal: true,
    } as const;
    assert.equal((await engine.search(query)).plan.name, 'index');
    await assert.rejects(
      engine.search(query, AbortSignal.abort()),
      ({ code }: GantryError) => code === 'aborted',
    );
  });
});
