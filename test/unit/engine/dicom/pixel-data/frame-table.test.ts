import assert from 'node:assert/strict';
import { test } from 'node:test';

import { GantryError } from '#engine/base/error-catalogue.js';
import {
  encodeFrameTable,
  frameEntryBytes,
  joinFragments,
  readFrameEntry,
  shiftFrameTable,
} from '#engine/dicom/pixel-data/frame-table.js';

test('entries are read back, from a page too', () => {
  const entries = [
    { offset: 10, length: 20, fragmentCount: 1 },
    { offset: 5 * 2 ** 32 + 7, length: 0xffffffff, fragmentCount: 3 },
  ];
  const table = encodeFrameTable(entries);
  assert.deepEqual(
    [0, 1].map((index) => readFrameEntry(table, index)),
    entries,
  );
  assert.deepEqual(readFrameEntry(table.subarray(frameEntryBytes), 0), entries[1]);
  assert.equal(readFrameEntry(table, 2), undefined);
});

test('offsets are shifted beyond 32 bits', () => {
  const table = encodeFrameTable([{ offset: 2 ** 32 - 1, length: 1, fragmentCount: 1 }]);
  assert.equal(readFrameEntry(shiftFrameTable(table, 2), 0)?.offset, 2 ** 32 + 1);
});

const item = (bytes: readonly number[]): number[] => [
  0xfe,
  0xff,
  0x00,
  0xe0,
  bytes.length,
  0,
  0,
  0,
  ...bytes,
];

test('PS3.5 §A.4 fragments are joined without their item headers', () => {
  const range = Uint8Array.from([...item([1, 2]), ...item([]), ...item([3, 4, 5, 6])]);
  assert.deepEqual([...joinFragments(range, 3)], [1, 2, 3, 4, 5, 6]);
  assert.equal(joinFragments(range, 1), range);
});

test('a range whose item headers are not in place is corrupt', () => {
  const range = Uint8Array.from([...item([1, 2]), ...item([3, 4])]);
  const wrong = [
    () => joinFragments(range, 3),
    () => joinFragments(range.subarray(1), 2),
    () => joinFragments(range.subarray(0, range.length - 1), 2),
    () => joinFragments(Uint8Array.from([...range, 0]), 2),
    () => joinFragments(range, 100),
  ];
  for (const join of wrong) {
    assert.throws(join, (error) => error instanceof GantryError && error.code === 'corrupt');
  }
});
