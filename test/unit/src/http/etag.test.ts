import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchesIfNoneMatch, matchesIfRange, strongEtag } from '#src/http/etag.js';

test('a tag follows from its key', () => {
  assert.equal(strongEtag('a'), strongEtag('a'));
  assert.notEqual(strongEtag('a'), strongEtag('b'));
  assert.match(strongEtag('a'), /^"[A-Za-z0-9_-]{27}"$/);
});

test('RFC 9110 §13.1.2: If-None-Match compares weakly, in a list, or takes anything', () => {
  for (const header of ['"x"', 'W/"x"', '"a", "x"', '"a,b",W/"x"', ' * ']) {
    assert.equal(matchesIfNoneMatch(header, '"x"'), true, header);
  }
  for (const header of [undefined, '', '"y"', 'x', '"x', '"X"']) {
    assert.equal(matchesIfNoneMatch(header, '"x"'), false, header);
  }
});

test('RFC 9110 §13.1.5: If-Range compares strongly', () => {
  assert.equal(matchesIfRange(undefined, '"x"'), true);
  assert.equal(matchesIfRange('"x"', '"x"'), true);
  assert.equal(matchesIfRange('W/"x"', '"x"'), false);
  assert.equal(matchesIfRange('Fri, 20 Nov 2026 19:28:16 GMT', '"x"'), false);
});
