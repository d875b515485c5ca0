import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeFrame } from '#engine/codec/decode-frame.js';
import { decodeJpegDct } from '#engine/codec/jpeg-dct.js';
import { readJpegHeader } from '#engine/codec/jpeg-header.js';
import { imageOf, testCodecs } from '#test/helpers/image-frames.js';

const codecs = await testCodecs();

/** A grey codestream of libjpeg-turbo, of waves. */
function encode(width: number, height: number): Promise<Uint8Array> {
  const samples = new Uint8Array(width * height).map((_, at) =>
    Math.round(127 + 100 * Math.sin((at % width) / 9) * Math.cos(at / width / 7)),
  );
  const shape = { width, height, componentCount: 1, bitsPerSample: 8, isSigned: false };
  return codecs.libjpegTurbo.encode({ ...shape, samples }, 95);
}

describe('ISO 10918-1 Annex F: our decoder and libjpeg-turbo agree', () => {
  for (const [width, height] of [
    [64, 64],
    [71, 53],
    [200, 9],
  ] as const) {
    test(`${width} x ${height}`, async () => {
      const codestream = await encode(width, height);
      const ours = decodeJpegDct(codestream, readJpegHeader(codestream));
      const { samples } = await codecs.libjpegTurbo.decode(codestream);
      assert.equal(ours.length, samples.length);
      assert.ok(ours.every((sample, at) => Math.abs(sample - samples[at]!) <= 1));
    });
  }
});

/** Makes 12 bits of a codestream of 8, every step of quantization 16 times as large: what it shows stays the same. */
function deepen(codestream: Uint8Array): void {
  const header = readJpegHeader(codestream);
  const marked = (marker: number) => header.segments.filter((one) => one.marker === marker);
  for (const { start } of marked(0xdb)) {
    for (let at = start + 1; at < start + 65; at++) {
      assert.ok(codestream[at]! < 16);
      codestream[at] = codestream[at]! * 16;
    }
  }
  codestream[marked(0xc0)[0]!.start] = 12;
}

describe('samples of 12 bits', () => {
  test('in colour, with chroma at half the resolution, are RGB at full resolution', async () => {
    const [width, height] = [45, 21];
    // The colour is the same everywhere, so that how chroma is enlarged makes no difference.
    const samples = new Uint8Array(width * height * 3).map((_, at) => {
      const column = Math.floor(at / 3) % width;
      return [70, 20, 110][at % 3]! + column * 2;
    });
    const shape = { width, height, componentCount: 3, bitsPerSample: 8, isSigned: false };
    const codestream = await codecs.libjpegTurbo.encode({ ...shape, samples }, 98);
    assert.equal(readJpegHeader(codestream).components[0]?.horizontalSampling, 2);
    deepen(codestream);
    const image = imageOf({
      rows: height,
      columns: width,
      samplesPerPixel: 3,
      bitsStored: 12,
      photometricInterpretation: 'YBR_FULL_422',
    });
    const transferSyntaxUid = '1.2.840.10008.1.2.4.51';
    const frame = await decodeFrame({ codestream, transferSyntaxUid, image }, codecs);
    const words = new Uint16Array(frame.buffer, frame.byteOffset, samples.length);
    const difference = words.reduce(
      (largest, word, at) => Math.max(largest, Math.abs(word - 16 * samples[at]!)),
      0,
    );
    assert.ok(difference <= 16 * 4, String(difference));
  });

  test('are 16 times those of 8 bits where the steps of quantization are', async () => {
    const codestream = await encode(64, 48);
    const eight = decodeJpegDct(codestream, readJpegHeader(codestream));
    deepen(codestream);
    const twelve = decodeJpegDct(codestream, readJpegHeader(codestream));
    // Both round, the one with 16 times the effect.
    assert.ok(twelve.every((sample, at) => Math.abs(sample - 16 * eight[at]!) <= 8));
  });
});

describe('damaged codestreams', () => {
  test('that are cut off are refused', async () => {
    const codestream = await encode(64, 64);
    for (let length = 2; length < codestream.length - 2; length += 31) {
      assert.throws(
        () => {
          const cut = codestream.subarray(0, length);
          decodeJpegDct(cut, readJpegHeader(cut));
        },
        { code: 'corrupt' },
        `cut at ${length}`,
      );
    }
  });
});
