import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openStore } from '#engine/store/open-store.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

/** Bit of the type of the manifest's second record that makes one of a recycled log of it. */
const recycledBit = 4;

test('a manifest with a record of a recycled log is refused instead of read for ever', async () => {
  const directory = temporaryDirectory();
  const store = await openStore({ directory });
  await store.close();
  const catalog = join(directory, 'catalog');
  const name = readdirSync(catalog).find((each) => each.startsWith('MANIFEST-'))!;
  const bytes = readFileSync(join(catalog, name));
  const second = 7 + bytes.readUInt16LE(4);
  bytes[second + 6]! ^= recycledBit;
  writeFileSync(join(catalog, name), bytes);
  await assert.rejects(openStore({ directory }), (error: Error) => {
    assert.match(error.message, /the catalogue could not be opened/);
    return error.cause instanceof Error && /a record of type 5/.test(error.cause.message);
  });
});
