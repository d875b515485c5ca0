import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limits } from '#engine/base/limits.js';
import type { BulkRange } from '#engine/dicom/data-set/compose-data-set.js';
import type { StoreSession } from '#engine/engine-types.js';
import type { ComposedDataSet } from '#src/dicomweb/stow/compose-document.js';
import type { ComposePool } from '#src/dicomweb/stow/compose-pool.js';
import { MetadataUpload } from '#src/dicomweb/stow/metadata-upload.js';
import { storedOutcome } from '#test/helpers/stored-outcome.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

/** An upload of one metadata part and one part of `bulkBytes`, of which instances of these ranges are composed. */
function uploadOf(
  bulkBytes: number,
  instances: readonly (readonly BulkRange[])[],
): { readonly upload: MetadataUpload; bytesStored(): number } {
  let bytesStored = 0;
  const session: StoreSession = {
    beginInstance: () => undefined,
    write: (chunk) => {
      bytesStored += chunk.length;
      return true;
    },
    endInstance: () => Promise.resolve(storedOutcome),
    abandonInstance: () => undefined,
    close: () => undefined,
  };
  const composed = instances.map((pieces): ComposedDataSet => ({
    result: 'composed',
    pieces,
    coerced: undefined,
  }));
  const upload = new MetadataUpload({
    openSession: () => session,
    composePool: { compose: () => Promise.resolve(composed) } as unknown as ComposePool,
    scratchDirectory: temporaryDirectory(),
    onDrain: () => undefined,
    url: 'http://localhost/',
  });
  const metadata = upload.openPart(new Map([['content-type', 'application/dicom+json']]), 1);
  metadata.write(Buffer.from('[]'));
  metadata.end();
  const bulk = upload.openPart(new Map([['content-location', 'bulk']]), 2);
  bulk.write(Buffer.alloc(bulkBytes));
  bulk.end();
  return { upload, bytesStored: () => bytesStored };
}

const repeated = (count: number, range: BulkRange): BulkRange[] =>
  Array.from({ length: count }, () => range);

test('an instance of thousands of bulk values does not keep the event loop', async () => {
  const { upload, bytesStored } = uploadOf(1000, [repeated(5_000, { position: 10, length: 2 })]);
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  const [stored] = await upload.finish(undefined);
  clearInterval(timer);
  await upload.close();
  assert.equal(stored?.result, 'stored');
  assert.equal(bytesStored(), 10_000);
  assert.ok(turns > 0, 'something else had a turn');
});

test('bulk data may be referred to again, but not make more than a multiple of the request', async () => {
  const bulkBytes = 1024 * 1024;
  const whole = { position: 0, length: bulkBytes };
  const most = limits.composedRatioMax;
  const { upload, bytesStored } = uploadOf(bulkBytes, [
    repeated(3, whole),
    repeated(most, whole),
    repeated(most, { ...whole, length: 1 }),
  ]);
  const outcomes = await upload.finish(undefined);
  await upload.close();
  assert.deepEqual(
    outcomes.map(({ result }) => result),
    ['stored', 'failed', 'stored'],
  );
  assert.equal(bytesStored(), 3 * bulkBytes + most);
});
