import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  nativeFrameBytes,
  readImagePixelDescription,
} from '#engine/dicom/pixel-data/image-pixel-description.js';
import { imageOf } from '#test/helpers/image-frames.js';

type Attributes = Record<string, { vr: string; Value?: unknown[] }>;

const sound: Attributes = {
  '00280002': { vr: 'US', Value: [3] },
  '00280004': { vr: 'CS', Value: ['RGB'] },
  '00280006': { vr: 'US', Value: [1] },
  '00280010': { vr: 'US', Value: [480] },
  '00280011': { vr: 'US', Value: [640] },
  '00280100': { vr: 'US', Value: [16] },
  '00280101': { vr: 'US', Value: [12] },
  '00280102': { vr: 'US', Value: [11] },
  '00280103': { vr: 'US', Value: [1] },
};

const read = (attributes: Attributes) =>
  readImagePixelDescription(Buffer.from(JSON.stringify(attributes)));

describe('PS3.3 §C.7.6.3 Image Pixel module', () => {
  test('is read from metadata', () => {
    assert.deepEqual(read(sound), {
      rows: 480,
      columns: 640,
      samplesPerPixel: 3,
      photometricInterpretation: 'RGB',
      planarConfiguration: 1,
      bitsAllocated: 16,
      bitsStored: 12,
      isSigned: true,
    });
  });

  test('values inside sequences do not count, and what follows group 0028 is not looked at', () => {
    const inner = { '00280010': { vr: 'US', Value: [1] } };
    const nested = { '00081140': { vr: 'SQ', Value: [inner, { text: '"}],{' }] }, ...sound };
    const text = JSON.stringify(nested).replace(/}$/, ',"52009229":{"vr":"SQ" this is no JSON');
    assert.equal(readImagePixelDescription(Buffer.from(text)).rows, 480);
  });

  const faults: [string, Attributes][] = [
    ['Rows is missing', { '00280010': { vr: 'US' } }],
    ['Rows is 0', { '00280010': { vr: 'US', Value: [0] } }],
    ['Rows is an unsigned long', { '00280010': { vr: 'UL', Value: [480] } }],
    ['Columns is text', { '00280011': { vr: 'US', Value: ['640'] } }],
    ['SamplesPerPixel is 4', { '00280002': { vr: 'US', Value: [4] } }],
    ['BitsAllocated is 24', { '00280100': { vr: 'US', Value: [24] } }],
    ['BitsStored is more than allocated', { '00280101': { vr: 'US', Value: [17] } }],
    ['HighBit is elsewhere', { '00280102': { vr: 'US', Value: [15] } }],
  ];
  for (const [name, change] of faults) {
    test(`${name}: no frames to decode`, () => {
      assert.throws(() => read({ ...sound, ...change }), { code: 'not-acceptable' });
    });
  }

  test('PS3.5 §8.1.1: pixels of 1 bit are packed', () => {
    assert.equal(nativeFrameBytes(imageOf({ rows: 3, columns: 3, bitsAllocated: 1 })), 2);
    assert.equal(nativeFrameBytes(imageOf({ rows: 3, columns: 3, bitsAllocated: 16 })), 18);
    assert.equal(
      nativeFrameBytes(imageOf({ rows: 65535, columns: 65535, bitsAllocated: 32 })),
      65535 * 65535 * 4,
    );
  });
});
