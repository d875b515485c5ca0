import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { bulkMedia } from '#engine/dicom/bulk-media/bulk-media.js';
import type { MediaDescription } from '#engine/dicom/bulk-media/media-description.js';
import type { MediaSource } from '#engine/dicom/bulk-media/media-source.js';
import { buildJp2, buildJpeg, buildJpeg2000, buildMp4 } from '#test/helpers/media-builder.js';

function sourceOf(bytes: Buffer): MediaSource {
  return {
    length: bytes.length,
    read: (position, length) => {
      assert.ok(position >= 0 && position + length <= bytes.length, 'only what is there is read');
      return Promise.resolve(bytes.subarray(position, position + length));
    },
  };
}

async function describeAs(mediaType: string, bytes: Buffer): Promise<MediaDescription> {
  const media = bulkMedia.get(mediaType);
  assert.ok(media?.kind === 'pixels', mediaType);
  return media.describe(sourceOf(bytes));
}

const valueOf = ({ pixel }: MediaDescription, tag: string): unknown => pixel[tag]?.Value?.[0];
const shape = { rows: 12, columns: 20, components: 3 } as const;
const jpeg = buildJpeg(shape);
const jpeg2000 = buildJpeg2000({ ...shape, isReversible: true });
const jp2 = buildJp2(jpeg2000);
const mp4 = buildMp4({ rows: 12, columns: 20, frames: 25, durationMs: 1000 });

describe('PS3.18 §10.5.2 images and videos are described by their headers', () => {
  test('JPEG Baseline in colour', async () => {
    const found = await describeAs('image/jpeg', jpeg);
    assert.equal(found.transferSyntaxUid, '1.2.840.10008.1.2.4.50');
    assert.deepEqual([valueOf(found, '00280010'), valueOf(found, '00280011')], [12, 20]);
    assert.equal(valueOf(found, '00280004'), 'YBR_FULL_422');
    assert.equal(found.defaults['00282110']?.Value?.[0], '01', 'it has loss');
  });

  test('a JP2 file is the codestream inside it', async () => {
    const found = await describeAs('image/jp2', jp2);
    assert.equal(found.transferSyntaxUid, '1.2.840.10008.1.2.4.90');
    assert.deepEqual(jp2.subarray(found.position, found.position + found.length), jpeg2000);
    assert.deepEqual(found.defaults, {});
    const lossy = await describeAs('image/j2c', buildJpeg2000({ ...shape, isReversible: false }));
    assert.equal(lossy.transferSyntaxUid, '1.2.840.10008.1.2.4.91');
  });

  test('a video has its frames and their time', async () => {
    const found = await describeAs('video/mp4', mp4);
    assert.equal(valueOf(found, '00280008'), 25);
    assert.equal(found.defaults['00181063']?.Value?.[0], 40);
    assert.equal(found.length, mp4.length);
  });

  test('what is cut off anywhere in its headers, or is something else, is malformed', async () => {
    for (const [mediaType, bytes, headerBytes] of [
      ['image/jpeg', jpeg, jpeg.indexOf(Buffer.from([0xff, 0xda]))],
      ['image/j2c', jpeg2000, jpeg2000.indexOf(Buffer.from([0xff, 0x90]))],
      ['video/mp4', mp4, mp4.length - 1],
    ] as const) {
      for (let length = 0; length <= headerBytes; length += 3) {
        const cut = describeAs(mediaType, bytes.subarray(0, length));
        await assert.rejects(cut, { code: 'malformed' }, `${mediaType} of ${length} bytes`);
      }
      await assert.rejects(describeAs(mediaType, Buffer.alloc(500, 'text')), { code: 'malformed' });
    }
  });
});
