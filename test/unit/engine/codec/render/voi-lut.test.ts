import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readVoiTransform, windowTransform } from '#engine/codec/render/voi-lut.js';
import { attributesOf, inlineWords } from '#test/helpers/attributes.js';

test('PS3.3 §C.11.2.1.2.1 linear: the example of the standard', () => {
  const voi = windowTransform({ center: 2048, width: 4096, function: 'linear' });
  assert.equal(voi(0), 0);
  assert.equal(voi(4095), 1);
  assert.equal(voi(-1), 0);
  assert.equal(voi(5000), 1);
  assert.equal(voi(2047.5), 0.5);
  const step = windowTransform({ center: 0, width: 1, function: 'linear' });
  assert.deepEqual([step(-1), step(0)], [0, 1]);
});

test('PS3.3 §C.11.2.1.3 linear exact and sigmoid', () => {
  const exact = windowTransform({ center: 10, width: 0.5, function: 'linear-exact' });
  assert.deepEqual([exact(9.75), exact(10), exact(10.25)], [0, 0.5, 1]);
  const sigmoid = windowTransform({ center: 10, width: 4, function: 'sigmoid' });
  assert.equal(sigmoid(10), 0.5);
  assert.ok(Math.abs(sigmoid(14) - 1 / (1 + Math.exp(-4))) < 1e-12);
});

test('windows of functional groups go before those of the root, windows before tables', () => {
  const root = attributesOf({
    '00281050': { vr: 'DS', Value: [100] },
    '00281051': { vr: 'DS', Value: ['50'] },
    '00281056': { vr: 'CS', Value: ['LINEAR_EXACT'] },
    '00283010': { vr: 'SQ', Value: [{}] },
  });
  const group = attributesOf({
    '00289132': {
      vr: 'SQ',
      Value: [{ '00281050': { vr: 'DS', Value: [0] }, '00281051': { vr: 'DS', Value: [0.5] } }],
    },
  });
  assert.equal(readVoiTransform([group, root], false)?.(0), 0.5);
  assert.equal(readVoiTransform([root], false)?.(100), 0.5);
});

test('PS3.3 §C.11.2.1.1 a VOI LUT: values outside get its ends', () => {
  const root = attributesOf({
    '00283010': {
      vr: 'SQ',
      Value: [
        {
          '00283002': { vr: 'US', Value: [3, 0xfff6, 10] },
          '00283006': inlineWords([0, 512, 1023]),
        },
      ],
    },
  });
  const voi = readVoiTransform([root], true)!;
  assert.deepEqual([-99, -10, -8, 50].map(voi), [0, 0, 1, 1]);
  assert.equal(voi(-9), 512 / 1023);
});

test('windows that mean nothing are passed over', () => {
  for (const [center, width] of [
    [1, 0],
    [1, -5],
    ['NaN', 10],
    ['', 10],
  ]) {
    const root = attributesOf({
      '00281050': { vr: 'DS', Value: [center!] },
      '00281051': { vr: 'DS', Value: [width!] },
    });
    assert.equal(readVoiTransform([root], false), undefined);
  }
});
