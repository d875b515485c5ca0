import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderedKeysVersionKey, studyOrderRange } from '#engine/store/catalog/catalog-keys.js';
import type { StudyRecord } from '#engine/store/catalog/catalog-records.js';
import { orderedEntriesOf } from '#engine/store/catalog/ordered-attributes.js';
import { studyOrderBounds } from '#engine/store/catalog/study-order.js';
import { putHierarchy } from '#engine/store/commit/group-records.js';
import { openStore } from '#engine/store/open-store.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

test('a store of an earlier version gets the ordered entries that it lacks when it is opened', async () => {
  const directory = temporaryDirectory();
  const study: StudyRecord = {
    studyInstanceUid: '1.2.3',
    sequence: 1,
    createdAtMs: 0,
    attributes: { '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Doe^Jane' }] } },
    seriesCount: 1,
    instanceCount: 1,
    modalities: ['CT'],
    sopClassUids: [],
    storedBytes: 0,
  };
  const old = await openStore({ directory });
  const batch = old.database.createBatch();
  putHierarchy(batch, { studies: [{ partition: 7, before: undefined, after: study }], series: [] });
  // What version 1 wrote: a place without a gist, and no key of the name.
  for (const { key } of orderedEntriesOf(7, study)) batch.delete('catalog', key);
  batch.put('catalog', orderedEntriesOf(7, study)[0]!.key, Buffer.alloc(0));
  batch.put('default', orderedKeysVersionKey, Buffer.of(1));
  batch.write({ isSynced: true });
  const range = studyOrderRange(7, ...boundsOfAll());
  assert.equal(old.database.range('catalog', { ...range, limit: 1 }).values[0]!.length, 0);
  assert.deepEqual(old.reader.placesByPatientName(7, doe, 10), []);
  await old.close();

  const opened = await openStore({ directory });
  const [listed] = [...opened.reader.studiesInOrder(7, { pageEntries: 10 })];
  assert.deepEqual(listed, [
    {
      studyInstanceUid: '1.2.3',
      gist: { modalities: ['CT'], patientNames: ['doe^jane'] },
    },
  ]);
  assert.equal(opened.reader.placesByPatientName(7, doe, 10)?.length, 1);
  await opened.close();
});

const doe = { text: 'doe', isPrefix: true };

function boundsOfAll(): [begin: string, end: string] {
  const { begin, end } = studyOrderBounds(undefined, undefined);
  return [begin, end];
}
