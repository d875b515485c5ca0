import assert from 'node:assert/strict';
import { test } from 'node:test';

import { laterDate } from '#bench/corpus/study-plan.js';

test('dates are counted over the ends of months, leap days and years', () => {
  assert.equal(laterDate('20120228', 1), '20120229');
  assert.equal(laterDate('20130228', 1), '20130301');
  assert.equal(laterDate('20121231', 7), '20130107');
  assert.equal(laterDate('20120615', 0), '20120615');
});
