import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import type { BlobRecord } from '#engine/store/blob/blob-store.js';
import { SegmentNumbers } from '#engine/store/blob/segment-files.js';
import { SpillFiles, blobOf } from '#engine/store/blob/spill-files.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const received = Buffer.alloc(10_000, 1);
const prefix = Buffer.alloc(100);

test('the file of a batch that failed goes when a later batch is written', () => {
  const { directory, spills } = openSpills();
  finishOne(spills, 1);
  spills.abandon(1);
  assert.deepEqual(readdirSync(directory), ['00000001.big']);
  finishOne(spills, 2);
  spills.settle();
  assert.deepEqual(readdirSync(directory), ['00000002.big']);
});

test('the file of a batch that was written stays when its sender goes afterwards', () => {
  const { directory, spills } = openSpills();
  finishOne(spills, 1);
  spills.settle();
  spills.abandon(1);
  spills.settle();
  spills.close();
  assert.deepEqual(readdirSync(directory), ['00000001.big']);
});

test('files that were not finished go at once', () => {
  const { directory, spills } = openSpills();
  spills.append(1, [received]);
  spills.append(2, [received]);
  spills.abandon(1);
  assert.deepEqual(readdirSync(directory), ['00000002.big']);
  spills.close();
  assert.deepEqual(readdirSync(directory), []);
});

function openSpills(): { readonly directory: string; readonly spills: SpillFiles } {
  const directory = temporaryDirectory();
  const numbers = new SegmentNumbers(directory, 0);
  return { directory, spills: new SpillFiles(directory, numbers, { take: () => undefined }) };
}

function finishOne(spills: SpillFiles, spillId: number): void {
  spills.append(spillId, [received]);
  const record: BlobRecord = {
    ...{ partition: 0, sequence: spillId, createdAtMs: 0, prefix, extents: [] },
    identifiers: buildParsedInstance(received).identifiers,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    ...blobOf(prefix, spills.received(spillId)),
  };
  spills.finish(spillId, record);
}
