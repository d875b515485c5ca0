import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonElement } from '#engine/dicom/json-model/json-model-types.js';
import { encodeItems, readItems } from '#engine/query/sequence-items.js';

const code = '00080100';
const meaning = '00080104';

const sequence = (...items: object[]): JsonElement => ({ vr: 'SQ', Value: items });
const read = (element: JsonElement | undefined): unknown => readItems(element, [code, meaning]);

test('items give the values of their members, trimmed and without control characters', () => {
  const element = sequence(
    { [code]: { vr: 'SH', Value: [' A ', null, 'B\u001e'] }, '00080102': { vr: 'SH' } },
    { [meaning]: { vr: 'LO', Value: ['Head'] }, [code]: { vr: 'SH' } },
  );
  assert.deepEqual(read(element), [
    [['A', 'B'], []],
    [[], ['Head']],
  ]);
});

test('no sequence, and one without items, is an item without values', () => {
  assert.deepEqual(read(undefined), [[[], []]]);
  assert.deepEqual(read(sequence()), [[[], []]]);
});

test('a cell holds items and members in their places, and is null without values', () => {
  const cell = encodeItems([
    [['A'], ['Head']],
    [['B', 'C'], []],
  ]);
  assert.equal(cell, 'A\u001dHead\u001e\u001fB\u001fC\u001f\u001d');
  assert.equal(encodeItems([[[], []]]), null);
});
