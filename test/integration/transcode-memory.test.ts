import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { test } from 'node:test';
import { encodeRle } from '#engine/codec/rle.js';
import { buildPart10, sampleIdentifiers } from '../helpers/dicom-builder.js';
import { stow } from '../helpers/dicomweb-client.js';
import { imageOf } from '../helpers/image-frames.js';
import { withServer } from '../helpers/server.js';

const mib = 1024 * 1024;
const frameCount = 1000;
const image = imageOf({ rows: 256, columns: 256 });
const frameBytes = 256 * 256 * 2;
const uids = { study: '1.2.98.1', series: '1.2.98.2', instance: '1.2.98.3' };

/** Flat areas: 125 MiB of pixels are small when they are stored. */
function frameOf(number: number): Buffer {
  const frame = Buffer.alloc(frameBytes, number % 7);
  return frame.fill(number % 5, frameBytes / 2);
}

/** The native frames of the instance in a multipart answer begin behind its headers: they are at its end. */
async function digestOfPixels(response: IncomingMessage): Promise<string> {
  const hash = createHash('sha256');
  const pixelBytes = frameCount * frameBytes;
  let held = Buffer.alloc(0);
  let hashed = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    if (hashed === 0) {
      held = Buffer.concat([held, chunk]);
      const at = held.indexOf(pixelDataHeader);
      if (at < 0) continue;
      const first = held.subarray(at + pixelDataHeader.length);
      hash.update(first);
      hashed = first.length;
    } else {
      const piece = chunk.subarray(0, pixelBytes - hashed);
      hash.update(piece);
      hashed += piece.length;
    }
  }
  assert.equal(hashed, pixelBytes);
  return hash.digest('hex');
}

/** (7FE0,0010) OW with the length of all frames. */
const pixelDataHeader = Buffer.from([0xe0, 0x7f, 0x10, 0, 0x4f, 0x57, 0, 0, 0, 0, 0, 0]);
pixelDataHeader.writeUInt32LE(frameCount * frameBytes, 8);

test('1,000 frames become 125 MiB in another transfer syntax, in bounded memory', async () => {
  const encoded = new Map<string, Uint8Array>();
  const frames = Array.from({ length: frameCount }, (_, n) => {
    const key = `${n % 7}/${n % 5}`;
    const known = encoded.get(key) ?? encodeRle(frameOf(n), image);
    encoded.set(key, known);
    return Buffer.from(known);
  });
  const part10 = buildPart10({
    transferSyntaxUid: '1.2.840.10008.1.2.5',
    elements: {
      ...sampleIdentifiers(uids),
      PatientID: 'MANY',
      Rows: 256,
      Columns: 256,
      SamplesPerPixel: 1,
      PhotometricInterpretation: 'MONOCHROME2',
      BitsAllocated: 16,
      BitsStored: 16,
      HighBit: 15,
      PixelRepresentation: 0,
      NumberOfFrames: String(frameCount),
    },
    pixelData: { frames },
  });
  const expected = createHash('sha256');
  for (let n = 0; n < frameCount; n++) expected.update(frameOf(n));
  const env = { GANTRY_CODEC_CACHE_BYTES: String(mib) };
  await withServer(
    async ({ dicomwebUrl, process: { pid } }) => {
      assert.equal((await stow(dicomwebUrl, [Buffer.from(part10)])).status, 200);
      const url = `${dicomwebUrl}/studies/${uids.study}/series/${uids.series}/instances/${uids.instance}`;
      // The codec threads start with the first frame, and what they take is theirs.
      const frame = await fetch(`${url}/frames/1`, {
        headers: { accept: 'application/octet-stream' },
      });
      assert.equal((await frame.arrayBuffer()).byteLength, frameBytes);
      const peakBefore = peakResidentMib(pid!);
      const accept =
        'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.1';
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        get(url, { headers: { accept } }, resolve).on('error', reject);
      });
      assert.equal(response.statusCode, 200);
      assert.equal(await digestOfPixels(response), expected.digest('hex'));
      const growth = peakResidentMib(pid!) - peakBefore;
      assert.ok(growth < 90, `the server grew by ${growth} MiB`);
    },
    { env },
  );
});

/** Peak resident set of a process, from Linux's own account. */
function peakResidentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
