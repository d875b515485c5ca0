import assert from 'node:assert/strict';
import { test } from 'node:test';
import sharp from 'sharp';
import { embedIccProfile, readIccProfile } from '#engine/codec/render/icc-profile.js';
import { convertColours, encodePicture } from '#native-bindings/sharp/picture-encoder.js';
import { attributesOf } from '#test/helpers/attributes.js';

const picture = { pixels: new Uint8Array(12).fill(120), width: 2, height: 2, channels: 3 } as const;
const size = { quality: 90, width: 2, height: 2 } as const;

async function profileOf(bytes: Uint8Array): Promise<Buffer | undefined> {
  return (await sharp(bytes).metadata()).icc;
}

test('PS3.18 §8.3.5.1.5 a profile is put into JPEG and PNG, whatever its length', async () => {
  const tagged = await encodePicture(
    { picture },
    { ...size, format: 'png', colourSpace: 'displayp3' },
  );
  const real = (await profileOf(tagged))!;
  assert.ok(real.length > 128);
  const long = Buffer.concat([real, Buffer.alloc(150_000, 7)]);
  long.writeUInt32BE(long.length, 0);
  for (const format of ['jpeg', 'png'] as const) {
    const plain = await encodePicture({ picture }, { ...size, format });
    assert.deepEqual(await profileOf(embedIccProfile(plain, format, real)), real);
    assert.deepEqual(await profileOf(embedIccProfile(plain, format, long)), long);
    const srgb = await convertColours(embedIccProfile(plain, format, real), {
      quality: 90,
      format: 'png',
    });
    assert.equal(await profileOf(srgb), undefined);
  }
});

test('PS3.3 §C.11.15 the profile of an image or optical path; what is none is passed over', () => {
  const profile = Buffer.alloc(200);
  profile.writeUInt32BE(190, 0);
  profile.write('acsp', 36, 'latin1');
  const element = { vr: 'OB', InlineBinary: profile.toString('base64') };
  const ofImage = readIccProfile(attributesOf({ '00282000': element }));
  assert.equal(ofImage?.length, 190);
  const path = { vr: 'SQ', Value: [{ '00282000': element }] };
  assert.equal(readIccProfile(attributesOf({ '00480105': path }))?.length, 190);
  assert.equal(readIccProfile(attributesOf({})), undefined);
  const garbage = { vr: 'OB', InlineBinary: Buffer.alloc(300, 1).toString('base64') };
  assert.equal(readIccProfile(attributesOf({ '00282000': garbage })), undefined);
});
