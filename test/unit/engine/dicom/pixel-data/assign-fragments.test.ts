import assert from 'node:assert/strict';
import { test } from 'node:test';

import { assignFragments, type FrameHints } from '#engine/dicom/pixel-data/assign-fragments.js';
import { FragmentList } from '#engine/dicom/pixel-data/fragment-list.js';
import { readFrameEntry } from '#engine/dicom/pixel-data/frame-table.js';

/** Fragments of 10 bytes, one after another from position 108; true marks the start of a codestream. */
function fragments(starts: readonly boolean[]): FragmentList {
  const list = new FragmentList();
  starts.forEach((start, index) => list.add(108 + index * 18, 10, start));
  return list;
}

const hints = (overrides: Partial<FrameHints>): FrameHints => ({
  frameCount: 1,
  isFragmentPerFrame: false,
  isOneStream: false,
  basicOffsets: [],
  extendedOffsets: [],
  extendedLengths: [],
  ...overrides,
});

function assign(
  starts: readonly boolean[],
  overrides: Partial<FrameHints>,
): { counts: unknown[]; warnings: readonly string[] } {
  const { table, frameCount, warnings } = assignFragments(fragments(starts), hints(overrides));
  const counts = Array.from(
    { length: frameCount },
    (_, index) => readFrameEntry(table, index)?.fragmentCount,
  );
  return { counts, warnings };
}

test('PS3.5 §A.4 a single frame has all fragments', () => {
  assert.deepEqual(assign([true, false, false], {}), { counts: [3], warnings: [] });
});

test('PS3.5 §A.4 one fragment per frame where the numbers agree', () => {
  assert.deepEqual(assign([true, true], { frameCount: 2 }), { counts: [1, 1], warnings: [] });
});

test('PS3.5 §A.4 the basic offset table divides the fragments', () => {
  const actual = assign([false, false, false], { frameCount: 2, basicOffsets: [0, 36] });
  assert.deepEqual(actual, { counts: [2, 1], warnings: [] });
});

test('PS3.3 §C.7.6.3.1.8 the extended offset table is taken first and knows padding', () => {
  const list = fragments([true, true]);
  const { table } = assignFragments(
    list,
    hints({
      frameCount: 2,
      basicOffsets: [0, 99],
      extendedOffsets: [0, 18],
      extendedLengths: [9, 10],
    }),
  );
  assert.deepEqual(readFrameEntry(table, 0), { offset: 108, length: 9, fragmentCount: 1 });
  assert.deepEqual(readFrameEntry(table, 1), { offset: 126, length: 10, fragmentCount: 1 });
});

for (const [name, basicOffsets] of [
  ['descending', [36, 0]],
  ['beyond the end', [0, 1800]],
  ['between fragments', [0, 20]],
  ['of another count', [0, 18, 36]],
] as const) {
  test(`an offset table that is ${name} is ignored in favour of codestream starts`, () => {
    const actual = assign([true, false, true], { frameCount: 2, basicOffsets });
    assert.deepEqual(actual.counts, [2, 1]);
    assert.deepEqual(actual.warnings, ['the basic offset table is wrong']);
  });
}

test('a number of frames that is not true gives a warning', () => {
  const actual = assign([true, true, true], { frameCount: 2, isFragmentPerFrame: true });
  assert.deepEqual(actual.counts, [1, 1, 1]);
  assert.equal(actual.warnings.length, 1);
});

test('a range of several fragments begins with the first item header', () => {
  const { table } = assignFragments(fragments([true, false]), hints({}));
  assert.deepEqual(readFrameEntry(table, 0), { offset: 100, length: 36, fragmentCount: 2 });
});

test('PS3.5 §8.2.7 a video is one stream whatever its number of frames', () => {
  const actual = assign([true, false], { frameCount: 300, isOneStream: true });
  assert.deepEqual(actual, { counts: [2], warnings: [] });
});

test('no fragments, no frames', () => {
  assert.deepEqual(assign([], { frameCount: 5 }), { counts: [], warnings: [] });
});
