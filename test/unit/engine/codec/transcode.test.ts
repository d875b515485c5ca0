import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { codecRegistry, transcodingRefusal } from '#engine/codec/codec-registry.js';
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
const encoded = codecRegistry.filter(({ encoder }) => encoder !== undefined);
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

  test('encodes to syntaxes without loss only', () => {
    const lossy = transferSyntaxes.filter((one) => one.isLossy).map(({ uid }) => uid);
    assert.deepEqual(
      encoded.filter(({ uid }) => lossy.includes(uid)),
      [],
    );
  });

  test('says why', () => {
    const refusal = (from: string, to: string, shape: Partial<ImagePixelDescription> = {}) =>
      transcodingRefusal(imageOf(shape), from, to);
    const jpeg = (n: number): string => `1.2.840.10008.1.2.4.${n}`;
    const native = explicitVrLittleEndianUid;
    assert.equal(refusal(jpeg(90), native), undefined);
    assert.match(refusal(jpeg(51), native, { bitsStored: 12 }) ?? '', /more than 8 bits/);
    assert.equal(refusal(jpeg(91), jpeg(80)), undefined);
    assert.match(refusal(jpeg(110), native) ?? '', /JPEG XL/);
    assert.match(refusal(jpeg(102), native) ?? '', /not decoded/);
    assert.match(refusal(native, jpeg(50)) ?? '', /nothing is converted/);
    assert.match(refusal('1.2.3.4', native) ?? '', /not decoded/);
  });
});
