import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mergeAttributes } from '#engine/store/commit/attribute-merge.js';

const name = (text: string) => ({ vr: 'PN', Value: [{ Alphabetic: text }] });

test('a later value overrides, an empty one never replaces a filled one', () => {
  const earlier = {
    '00100010': name('A'),
    '00100020': { vr: 'LO', Value: ['1'] },
    '00080050': { vr: 'SH' },
    '00081030': { vr: 'LO', Value: ['kept'] },
    '00080020': { vr: 'DA', Value: ['20200101'] },
    '00080030': { vr: 'TM', Value: ['10'] },
  };
  const later = {
    '00100010': name('B'),
    '00100020': { vr: 'LO' },
    '00080050': { vr: 'SH', Value: ['X'] },
    '00080020': { vr: 'DA', Value: [] },
    '00080030': { vr: 'TM', Value: [''] },
    '00200010': { vr: 'SH', Value: ['new'] },
  };
  assert.deepEqual(mergeAttributes(earlier, later), {
    '00100010': name('B'),
    '00100020': { vr: 'LO', Value: ['1'] },
    '00080050': { vr: 'SH', Value: ['X'] },
    '00081030': { vr: 'LO', Value: ['kept'] },
    '00080020': { vr: 'DA', Value: ['20200101'] },
    '00080030': { vr: 'TM', Value: ['10'] },
    '00200010': { vr: 'SH', Value: ['new'] },
  });
});

test('a name without letters and a null are empty; zero is not', () => {
  const earlier = { '00100010': name('A'), '00280010': { vr: 'US', Value: [5] } };
  const later = {
    '00100010': { vr: 'PN', Value: [{ Alphabetic: '' }, null] },
    '00280010': { vr: 'US', Value: [0] },
  };
  assert.deepEqual(mergeAttributes(earlier, later), {
    '00100010': name('A'),
    '00280010': { vr: 'US', Value: [0] },
  });
});
