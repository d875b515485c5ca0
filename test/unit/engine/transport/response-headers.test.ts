import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertHeaders } from '#engine/transport/response-headers.js';

test('RFC 9110 §5.5: tokens as names, visible text as values', () => {
  assertHeaders([
    ['content-type', 'multipart/related; type="application/dicom"; boundary=x'],
    ['warning', '299 - "Grüße\t"'],
    ['x', ''],
  ]);
  for (const header of [
    ['x', 'a\r\nb: c'],
    ['x', 'a\nb'],
    ['x', '\0'],
    ['x', '日'],
    ['', 'a'],
    ['a b', 'c'],
    ['a:', 'c'],
  ] as const) {
    assert.throws(() => assertHeaders([header]), /assertion failed/, header.join());
  }
});
