import assert from 'node:assert/strict';
import { test } from 'node:test';
import { configOptions, type ConfigOption } from '#src/config/config-options.js';

const options: readonly ConfigOption[] = configOptions;

test('keys, flags and variables are each given once', () => {
  for (const name of ['key', 'flag', 'env'] as const) {
    assert.equal(new Set(options.map((option) => option[name])).size, options.length);
  }
});

test('names follow from the key', () => {
  const option = options.find(({ key }) => key === 'dimse.acceptedCallingAes');
  assert.equal(option?.flag, '--dimse-accepted-calling-aes');
  assert.equal(option.env, 'GANTRY_DIMSE_ACCEPTED_CALLING_AES');
});

for (const option of options) {
  test(`the default of ${option.key} is allowed, and it is documented in one sentence`, () => {
    assert.ok(option.type.schema.safeParse(option.default).success);
    assert.match(option.doc, /^[A-Z].*\.$/);
  });
}
