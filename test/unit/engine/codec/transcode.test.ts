import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import {
  codecRegistry,
  decodedImage,
  encodedImage,
  isConvertedWithLoss,
  transcodingRefusal,
} from '#engine/codec/codec-registry.js';
import { decodeFrame } from '#engine/codec/decode-frame.js';
import { encodeFrame } from '#engine/codec/encode-frame.js';
import { toNativeFrame } from '#engine/codec/sample-layout.js';
import {
  explicitVrLittleEndianUid,
  transferSyntaxes,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { ImagePixelDescription } from '#engine/dicom/pixel-data/image-pixel-description.js';
import { frameOf, imageOf, testCodecs } from '#test/helpers/image-frames.js';

const codecs = await testCodecs();
const encoded = codecRegistry.filter(
  ({ uid, encoder }) => encoder !== undefined && !isConvertedWithLoss(uid),
);
const nameOf = (uid: string): string => transferSyntaxes.find((one) => one.uid === uid)!.name;

const shapes: Partial<ImagePixelDescription>[] = [
  { bitsAllocated: 8 },
  { bitsAllocated: 8, isSigned: true },
  { bitsAllocated: 8, bitsStored: 6 },
  { bitsAllocated: 16, bitsStored: 8 },
  { bitsAllocated: 16, bitsStored: 10 },
  { bitsAllocated: 16, bitsStored: 12, isSigned: true },
  { bitsAllocated: 16 },
  { bitsAllocated: 16, isSigned: true },
  { bitsAllocated: 8, samplesPerPixel: 3 },
  { bitsAllocated: 8, samplesPerPixel: 3, planarConfiguration: 1 },
  { bitsAllocated: 8, samplesPerPixel: 3, photometricInterpretation: 'YBR_RCT' },
  { bitsAllocated: 16, bitsStored: 12, samplesPerPixel: 3 },
  { bitsAllocated: 32, bitsStored: 32 },
  { bitsAllocated: 16, rows: 1, columns: 1 },
  { bitsAllocated: 16, rows: 3, columns: 257, bitsStored: 15 },
];

describe('PS3.5 §8.2: frames survive the way to a transfer syntax and back', () => {
  for (const { uid } of encoded) {
    for (const shape of shapes) {
      const image = imageOf(shape);
      const refusal = transcodingRefusal(image, explicitVrLittleEndianUid, uid);
      if (refusal !== undefined) continue;
      test(`${nameOf(uid)} ${JSON.stringify(shape)}`, async () => {
        const frame = frameOf(image, 5);
        const codestream = await encodeFrame(frame, { image, toUid: uid }, codecs);
        const decoded = await decodeFrame({ codestream, transferSyntaxUid: uid, image }, codecs);
        assert.deepEqual(decoded, frame);
        const used = (length: number): Uint8Array => new Uint8Array(length).fill(0x5a);
        const again = { codestream, transferSyntaxUid: uid, image };
        assert.deepEqual(await decodeFrame(again, codecs, used), frame, 'into memory used before');
      });
    }
  }

  test('bits beyond Bits Stored are not dropped in silence', async () => {
    const image = imageOf({ bitsAllocated: 16, bitsStored: 12 });
    const frame = frameOf(image, 1);
    frame[1] = 0xf0;
    const encoding = encodeFrame(frame, { image, toUid: '1.2.840.10008.1.2.4.80' }, codecs);
    await assert.rejects(encoding, { code: 'not-acceptable' });
  });
});

describe('ISO 15444-15: what OpenJPH writes, OpenJPEG reads', () => {
  for (const shape of shapes) {
    const image = imageOf(shape);
    const uid = '1.2.840.10008.1.2.4.202';
    if (transcodingRefusal(image, explicitVrLittleEndianUid, uid) !== undefined) continue;
    test(JSON.stringify(shape), async () => {
      const frame = frameOf(image, 6);
      const codestream = await encodeFrame(frame, { image, toUid: uid }, codecs);
      const decoded = await codecs.openjpeg.decode(codestream);
      assert.deepEqual(toNativeFrame({ ...decoded, isPlanar: false }, image), frame);
    });
  }
});

describe('JPEG 2000 colour of more than 8 bits decodes', () => {
  // No encoder here makes it. But declaring 8-bit samples deeper only moves the middle of their range (ISO 15444-1 §G.1).
  const colour = { samplesPerPixel: 3, rows: 24, columns: 32 } as const;
  for (const suffix of ['90', '202']) {
    test(suffix, async () => {
      const uid = `1.2.840.10008.1.2.4.${suffix}`;
      const bytes = imageOf({ ...colour, bitsAllocated: 8 });
      const frame = frameOf(bytes, 7);
      const codestream = await encodeFrame(frame, { image: bytes, toUid: uid }, codecs);
      for (let component = 0; component < 3; component++) codestream[42 + 3 * component] = 11;
      const image = imageOf({ ...colour, bitsAllocated: 16, bitsStored: 12 });
      const decoded = await decodeFrame({ codestream, transferSyntaxUid: uid, image }, codecs);
      const expected = Uint16Array.from(frame, (sample) => sample - 128 + 2048);
      assert.deepEqual(new Uint16Array(decoded.buffer), expected);
    });
  }
});

describe('PS3.5 §8.2.1: JPEG Baseline, with loss', () => {
  const uid = '1.2.840.10008.1.2.4.50';

  for (const samplesPerPixel of [1, 3]) {
    test(`${samplesPerPixel} components come back alike`, async () => {
      const image = imageOf({ rows: 70, columns: 90, bitsAllocated: 8, samplesPerPixel });
      const frame = new Uint8Array(70 * 90 * samplesPerPixel).map((_, at) =>
        Math.round(127 + 90 * Math.sin(at / (400 * samplesPerPixel))),
      );
      const codestream = await encodeFrame(frame, { image, toUid: uid }, codecs);
      assert.ok(codestream.length < frame.length / 3);
      const decoded = await decodeFrame({ codestream, transferSyntaxUid: uid, image }, codecs);
      assert.ok(decoded.every((sample, at) => Math.abs(sample - frame[at]!) < 12));
    });
  }

  test('a frame that would not become smaller is refused, and the next one is encoded', async () => {
    const small = imageOf({ bitsAllocated: 8 });
    const encoding = encodeFrame(frameOf(small, 1), { image: small, toUid: uid }, codecs);
    await assert.rejects(encoding, { code: 'not-acceptable' });
    const large = imageOf({ rows: 64, columns: 64, bitsAllocated: 8 });
    await encodeFrame(new Uint8Array(64 * 64), { image: large, toUid: uid }, codecs);
  });
});

describe('codestreams are held against the data set', () => {
  const image = imageOf({ rows: 24, columns: 32, bitsAllocated: 16, bitsStored: 12 });
  const lies: [string, Partial<ImagePixelDescription>][] = [
    ['rows', { rows: 25 }],
    ['columns', { columns: 31 }],
    ['components', { samplesPerPixel: 3 }],
    ['depth', { bitsAllocated: 8, bitsStored: 8 }],
  ];
  for (const { uid } of encoded) {
    for (const [name, lie] of lies) {
      test(`${nameOf(uid)} with other ${name} is refused`, async () => {
        const codestream = await encodeFrame(frameOf(image, 2), { image, toUid: uid }, codecs);
        const frame = { codestream, transferSyntaxUid: uid, image: { ...image, ...lie } };
        await assert.rejects(decodeFrame(frame, codecs), { code: 'corrupt' });
      });
    }

    test(`${nameOf(uid)} that is cut off is corrupt, and the next frame decodes`, async () => {
      const frame = frameOf(image, 3);
      const codestream = await encodeFrame(frame, { image, toUid: uid }, codecs);
      const step = Math.ceil(codestream.length / 40);
      for (let length = 0; length < codestream.length - 4; length += step) {
        const cut = codestream.slice(0, length);
        const decoding = decodeFrame({ codestream: cut, transferSyntaxUid: uid, image }, codecs);
        await assert.rejects(decoding, { code: 'corrupt' }, `cut at ${length}`);
      }
      const decoded = await decodeFrame({ codestream, transferSyntaxUid: uid, image }, codecs);
      assert.deepEqual(decoded, frame);
    });

    test(`${nameOf(uid)} with changed bytes gives an error or a frame, and no more`, async () => {
      const codestream = await encodeFrame(frameOf(image, 4), { image, toUid: uid }, codecs);
      for (let n = 0; n < 40; n++) {
        const changed = codestream.slice();
        const at = Math.floor((n * codestream.length) / 40);
        changed[at] = changed[at]! ^ (1 << (n % 8));
        try {
          const decoded = await decodeFrame(
            { codestream: changed, transferSyntaxUid: uid, image },
            codecs,
          );
          assert.equal(decoded.length, 24 * 32 * 2);
        } catch (error) {
          assert.ok(error instanceof GantryError, String(error));
        }
      }
    });
  }
});

describe('the registry', () => {
  test('has a row for every encapsulated syntax of still frames', () => {
    const stills = transferSyntaxes.filter((one) => one.isEncapsulated && !one.isVideo);
    assert.deepEqual(
      codecRegistry.map(({ uid }) => uid).sort(),
      stills.map(({ uid }) => uid).sort(),
    );
  });

  test('converts with loss to JPEG Baseline only', () => {
    const lossy = codecRegistry.filter(({ uid }) => isConvertedWithLoss(uid));
    assert.deepEqual(
      lossy.map(({ uid }) => uid),
      ['1.2.840.10008.1.2.4.50'],
    );
  });

  test('PS3.5 §8.2 says what the colours are before and after', () => {
    const colours = (stored: string, from: string, to: string): string => {
      const image = imageOf({ bitsAllocated: 8, samplesPerPixel: 3, planarConfiguration: 1 });
      const source = { ...image, photometricInterpretation: stored };
      const { photometricInterpretation, planarConfiguration } = encodedImage(
        decodedImage(source, `1.2.840.10008.1.2.${from}`),
        `1.2.840.10008.1.2.${to}`,
      );
      return `${photometricInterpretation} ${planarConfiguration}`;
    };
    assert.equal(colours('YBR_FULL_422', '4.50', '1'), 'RGB 1');
    assert.equal(colours('YBR_FULL_422', '4.70', '1'), 'YBR_FULL 1');
    assert.equal(colours('YBR_RCT', '4.90', '4.80'), 'RGB 0');
    assert.equal(colours('YBR_FULL', '5', '4.90'), 'YBR_FULL 0');
    assert.equal(colours('RGB', '1', '4.202'), 'YBR_RCT 0');
    assert.equal(colours('RGB', '1', '5'), 'RGB 1');
    assert.equal(colours('RGB', '1', '4.50'), 'YBR_FULL_422 0');
  });

  test('says why', () => {
    const refusal = (from: string, to: string, shape: Partial<ImagePixelDescription> = {}) =>
      transcodingRefusal(imageOf(shape), from, to);
    const jpeg = (n: number): string => `1.2.840.10008.1.2.4.${n}`;
    const native = explicitVrLittleEndianUid;
    assert.equal(refusal(jpeg(90), native), undefined);
    assert.equal(refusal(jpeg(51), native, { bitsStored: 12 }), undefined);
    assert.match(refusal(jpeg(52), native) ?? '', /arithmetic/);
    assert.equal(refusal(jpeg(91), jpeg(80)), undefined);
    assert.equal(refusal(jpeg(110), native), undefined);
    assert.match(refusal(native, jpeg(110)) ?? '', /nothing is converted/);
    assert.match(refusal(jpeg(102), native) ?? '', /not decoded/);
    assert.match(refusal(native, jpeg(51)) ?? '', /nothing is converted/);
    assert.match(refusal(native, jpeg(50)) ?? '', /of 8 bits/);
    const palette = { bitsAllocated: 8, photometricInterpretation: 'PALETTE COLOR' } as const;
    assert.match(refusal(native, jpeg(50), palette) ?? '', /RGB/);
    assert.match(refusal('1.2.3.4', native) ?? '', /not decoded/);
  });
});
