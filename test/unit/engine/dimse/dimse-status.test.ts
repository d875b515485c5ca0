import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { failureStatus } from '#engine/dimse/dimse-status.js';

test('PS3.7 Annex C: status, comment and offending element of a catalogue error', () => {
  const error = new GantryError('identifier-missing', 'StudyInstanceUID (0020,000D)');
  assert.deepEqual(failureStatus(error), {
    status: 0xa900,
    errorComment: 'StudyInstanceUID (0020,000D)',
    offendingElement: [0x0020000d],
  });
});

test('PS3.5 §6.2: the comment is an LO: 64 characters, no backslash, nothing that does not print', () => {
  const { errorComment } = failureStatus(new GantryError('malformed', `a\\b\nÄ${'x'.repeat(99)}`));
  assert.equal(errorComment.length, 64);
  assert.ok(errorComment.startsWith('a?b??x'));
});

test('without a detail the comment is the text of the catalogue', () => {
  assert.deepEqual(failureStatus(new GantryError('out-of-resources')), {
    status: 0xa700,
    errorComment: 'the store has no capacity at the moment',
  });
});
