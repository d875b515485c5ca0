import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RefusalLog } from '#src/http/refusal-log.js';

test('the first refusal is logged at once, the next ones by their number after a second', () => {
  const lines: unknown[] = [];
  const log = { debug: assert.fail, info: assert.fail, error: assert.fail };
  const refusals = new RefusalLog({ ...log, warn: (fields) => void lines.push(fields) });
  refusals.note('too-many-requests', 10);
  for (let n = 0; n < 500; n++) refusals.note('too-many-requests', 20 + n);
  refusals.note('out-of-resources', 1_010);
  refusals.note('out-of-resources', 1_020);
  assert.deepEqual(lines, [
    { code: 'too-many-requests', refused: 1 },
    { code: 'out-of-resources', refused: 501 },
  ]);
});
