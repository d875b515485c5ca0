import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecycledMemory } from '#engine/base/recycled-memory.js';
import { FrameTranscoder, type FrameTranscoderParts } from '#engine/pipeline/transcode-frame.js';
import { instanceRecord } from '#test/helpers/record-builder.js';

const littleEndian = '1.2.840.10008.1.2.1';

test('frames that need no codec never enter a worker', async () => {
  const stored = Uint8Array.of(1, 2, 3, 4);
  // A pool that is asked for anything makes this test throw.
  const parts = {
    blobs: {
      read: (_: unknown, position: number, target: Uint8Array) => {
        target.set(stored.subarray(position, position + target.length));
        return Promise.resolve(target.length);
      },
    },
    layouts: {
      layoutOf: () => ({
        dataSetOffset: 0,
        deflated: false,
        bulkValues: [],
        pixel: { kind: 'native', offset: 0, length: 4, frameBits: 16, frameCount: 2, wordBytes: 2 },
      }),
    },
    codecPool: { memory: new RecycledMemory(0) },
    derived: undefined,
  } as unknown as FrameTranscoderParts;
  const transcoder = new FrameTranscoder(parts, {
    framePixelsMax: 100,
    cacheBytes: 0,
    lossyQuality: 90,
  });
  for (const transferSyntaxUid of ['1.2.840.10008.1.2', littleEndian]) {
    const record = { ...instanceRecord('1', '2', '3', 1), transferSyntaxUid };
    const source = await transcoder.transcode(
      { partition: 1, record, frameNumber: 2 },
      littleEndian,
    );
    const frame = new Uint8Array(source.length);
    await source.read(0, frame);
    assert.deepEqual(frame, stored.subarray(2));
  }
  assert.equal(transcoder.framesTranscoded, 0);
});
