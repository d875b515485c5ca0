import assert from 'node:assert/strict';
import { test } from 'node:test';
import { correlationIdFor } from '#src/observability/correlation-id.js';

test('a harmless id of the caller is kept', () => {
  assert.equal(correlationIdFor('req-1.2:3_x'), 'req-1.2:3_x');
});

for (const [what, id] of [
  ['a missing id', undefined],
  ['an empty id', ''],
  ['an id with a line break', 'a\nlevel=error'],
  ['an id with a space', 'DOE JOHN'],
  ['a long id', 'x'.repeat(65)],
] as const) {
  test(`${what} is replaced by a new one`, () => {
    assert.match(correlationIdFor(id), /^[0-9a-f-]{36}$/);
    assert.notEqual(correlationIdFor(id), correlationIdFor(id));
  });
}
