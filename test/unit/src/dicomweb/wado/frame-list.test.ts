import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { parseFrameList } from '#src/dicomweb/wado/frame-list.js';

test('PS3.18 §10.4.1.1.6: frame numbers come in the order asked for', () => {
  assert.deepEqual(parseFrameList('1'), [1]);
  assert.deepEqual(parseFrameList('3,1, 2'), [3, 1, 2]);
});

test('PS3.18 §10.4.1.1.6: what is no frame number is refused', () => {
  for (const text of ['', '0', '-1', '1,', '1.5', 'x', '1e3', '99999999999', '1,'.repeat(20_000)]) {
    assert.throws(
      () => parseFrameList(text),
      (error) => error instanceof GantryError && error.code === 'bad-request',
      text.slice(0, 20),
    );
  }
});
