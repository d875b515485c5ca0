import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAeTitle, trimAeTitle } from '#engine/upper-layer/ae-title.js';

test('PS3.5 §6.2: leading and trailing spaces of an AE title are not significant', () => {
  assert.equal(trimAeTitle('  CT ROOM 1     '), 'CT ROOM 1');
  assert.equal(trimAeTitle('CT1\0\0\0\0'), 'CT1');
  assert.equal(trimAeTitle('                '), '');
});

test('PS3.5 §6.2: an AE title has 1–16 characters of the default repertoire', () => {
  for (const title of ['A', 'CT ROOM 1', 'X'.repeat(16), '../../etc']) assert.ok(isAeTitle(title));
  for (const title of ['', 'X'.repeat(17), 'A\\B', 'A\0B', 'A\r\nB', 'Ä']) {
    assert.ok(!isAeTitle(title), title);
  }
});
