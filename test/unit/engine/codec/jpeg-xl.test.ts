import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { decodedImage } from '#engine/codec/codec-registry.js';
import { decodeFrame } from '#engine/codec/decode-frame.js';
import { readJpegXlSize } from '#engine/codec/jpeg-xl-header.js';
import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';
import { frameOf, imageOf, testCodecs } from '#test/helpers/image-frames.js';
import { encodeJpegXl } from '#test/helpers/jpeg-xl-encoder.js';

const codecs = await testCodecs();
const transferSyntaxUid = '1.2.840.10008.1.2.4.110';

function decode(codestream: Uint8Array, image: ImagePixelDescription): Promise<Uint8Array> {
  return decodeFrame({ codestream, transferSyntaxUid, image }, codecs);
}

const shapes: Partial<ImagePixelDescription>[] = [
  { bitsAllocated: 8 },
  { bitsStored: 10 },
  { bitsStored: 12, rows: 30, columns: 41 },
  { rows: 16, columns: 24 },
  { bitsAllocated: 8, samplesPerPixel: 3 },
  { samplesPerPixel: 3, rows: 20, columns: 300 },
];

describe('JPEG XL (PS3.5 §A.4.14)', () => {
  for (const shape of shapes) {
    test(`${JSON.stringify(shape)} decodes to its original, with and without padding`, async () => {
      const image = imageOf(shape);
      const frame = frameOf(image, 7);
      const codestream = encodeJpegXl(frame, image);
      assert.deepEqual(await decode(codestream, image), frame);
      const padded = new Uint8Array(codestream.length + 1);
      padded.set(codestream);
      assert.deepEqual(await decode(padded, image), frame);
    });
  }

  test('signs, which a codestream does not have, are put back', async () => {
    const image = imageOf({ bitsStored: 12, isSigned: true });
    const frame = frameOf(image, 7);
    const words = new Uint16Array(frame.slice().buffer).map((word) => word & 0xfff);
    const codestream = encodeJpegXl(new Uint8Array(words.buffer), image);
    assert.deepEqual(await decode(codestream, image), frame);
  });

  test('what is not as the data set says is refused before it is decoded', async () => {
    const image = imageOf({ rows: 24, columns: 32, bitsStored: 12 });
    const codestream = encodeJpegXl(frameOf(image, 2), image);
    const lies = [
      { rows: 25 },
      { columns: 31 },
      { samplesPerPixel: 3 },
      { bitsAllocated: 8, bitsStored: 8 },
    ] as const;
    for (const lie of lies) {
      await assert.rejects(decode(codestream, { ...image, ...lie }), { code: 'corrupt' });
    }
    const huge = Uint8Array.of(0xff, 0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    await assert.rejects(decode(huge, image), { code: 'corrupt' });
  });

  test('what is cut off is corrupt, and the next frame decodes', async () => {
    const image = imageOf({ rows: 24, columns: 32 });
    const frame = frameOf(image, 3);
    const codestream = encodeJpegXl(frame, image);
    const step = Math.ceil(codestream.length / 40);
    for (let length = 0; length < codestream.length - 4; length += step) {
      await assert.rejects(decode(codestream.slice(0, length), image), { code: 'corrupt' });
    }
    assert.deepEqual(await decode(codestream, image), frame);
  });

  test('changed bytes give an error or a frame, and no more', async () => {
    const image = imageOf({ rows: 24, columns: 32 });
    const codestream = encodeJpegXl(frameOf(image, 4), image);
    for (let n = 0; n < 40; n++) {
      const changed = codestream.slice();
      const at = Math.floor((n * codestream.length) / 40);
      changed[at]! ^= 1 << (n % 8);
      try {
        assert.equal((await decode(changed, image)).length, 24 * 32 * 2);
      } catch (error) {
        assert.ok(error instanceof GantryError, String(error));
      }
    }
  });

  test('ISO 18181-1 Annex D.2: every form of a size is read', () => {
    const sizes = [
      [1, 1],
      [8, 8],
      [256, 256],
      [8, 64],
      [40, 48],
      [100, 150],
      [513, 7],
      [9, 2000],
      [10, 12],
      [9, 16],
    ] as const;
    for (const [rows, columns] of sizes) {
      const image = imageOf({ rows, columns, bitsAllocated: 8 });
      const size = readJpegXlSize(encodeJpegXl(frameOf(image, 1), image));
      assert.deepEqual(size, { rows, columns });
    }
  });

  test('colours are RGB when they are decoded', () => {
    for (const photometricInterpretation of ['XYB', 'YBR_FULL_422', 'YBR_RCT', 'RGB']) {
      const image = imageOf({ bitsAllocated: 8, samplesPerPixel: 3, photometricInterpretation });
      assert.equal(decodedImage(image, transferSyntaxUid).photometricInterpretation, 'RGB');
    }
  });
});
