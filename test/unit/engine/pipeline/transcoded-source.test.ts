import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { TranscodedSource } from '#engine/pipeline/transcoded-source.js';
import { blobDataSet } from '#src/dimse/scu/blob-data-set.js';

const nothing = { length: 0, read: () => Promise.resolve(new Uint8Array(0)) };

/** Blocks of three bytes, each of which is refused the first `refusals` times it is asked for. */
function busySource(count: number, refusals: number): TranscodedSource {
  const asked = new Map<number, number>();
  return new TranscodedSource(
    {
      fileMeta: Buffer.from('meta'),
      head: nothing,
      pixels: {
        count,
        blockBytes: undefined,
        length: undefined,
        make: (index) => {
          const times = (asked.get(index) ?? 0) + 1;
          asked.set(index, times);
          return times > refusals
            ? Promise.resolve(Buffer.alloc(3, 0x61 + index))
            : Promise.reject(new GantryError('too-many-requests', 'the codec queue is full'));
        },
      },
      tail: nothing,
    },
    '1.2',
  );
}

test('a block that failed is made anew when it is read again', async () => {
  const source = busySource(1, 1);
  const target = Buffer.alloc(10);
  await assert.rejects(source.read(0, target), { code: 'too-many-requests' });
  const length = await source.read(0, target);
  assert.equal(target.toString('latin1', 0, length), 'metaaaa');
});

test('an instance is sent whole although the codecs are busy now and then', async () => {
  const source = busySource(3, 1);
  const dataSet = blobDataSet(source, source.dataSetOffset);
  let text = '';
  for (;;) {
    const piece = await dataSet.read(text.length, 4);
    if (piece.length === 0) break;
    text += Buffer.from(piece).toString('latin1');
  }
  assert.equal(text, 'aaabbbccc');
});
