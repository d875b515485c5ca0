import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameOf, imageOf } from '#test/helpers/image-frames.js';
import { buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { readFrame, storeFile, withEngine } from '#test/helpers/test-engine.js';

/** So large that a codec works on it for seconds. */
const image = imageOf({ rows: 2000, columns: 2000, bitsStored: 12 });

test('a store does not wait for a codec, nor a native frame, when all codec threads are busy', async () => {
  const large = buildPart10({
    elements: {
      ...sampleIdentifiers({ study: '1.2.97.1', series: '1.2.97.2', instance: '1.2.97.3' }),
      PatientID: 'BUSY',
      Rows: image.rows,
      Columns: image.columns,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 12,
      HighBit: 11,
      PixelRepresentation: 0,
    },
    pixelData: Buffer.from(frameOf(image, 1)),
  });
  await withEngine(
    async (engine) => {
      const record = await storeFile(engine, 1, Buffer.from(large));
      let isBusy = true;
      const address = { partition: 1, record, number: 1 };
      const encoding = readFrame(engine, address, '1.2.840.10008.1.2.4.90').finally(() => {
        isBusy = false;
      });
      for (let number = 1; number <= 2; number++) {
        const stored = await storeFile(engine, 1, buildCtInstance('97', number).part10);
        await readFrame(engine, { partition: 1, record: stored, number: 1 });
      }
      assert.ok(isBusy, 'the codec is still at work');
      await encoding;
    },
    { threads: 1 },
  );
});
