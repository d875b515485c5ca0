import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { decodeJpegDct } from '#engine/codec/jpeg-dct.js';
import { readJpegHeader } from '#engine/codec/jpeg-header.js';
import { testCodecs } from '#test/helpers/image-frames.js';

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

describe('samples of 12 bits', () => {
  test('are 16 times those of 8 bits where the steps of quantization are', async () => {
    const codestream = await encode(64, 48);
    const header = readJpegHeader(codestream);
    const eight = decodeJpegDct(codestream, header);
    const steps = header.segments.find(({ marker }) => marker === 0xdb)!;
    for (let at = steps.start + 1; at < steps.start + 65; at++) {
      assert.ok(codestream[at]! < 16);
      codestream[at] = codestream[at]! * 16;
    }
    const frame = header.segments.find(({ marker }) => marker === 0xc0)!;
    codestream[frame.start] = 12;
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
