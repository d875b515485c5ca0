import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:http';
import { test } from 'node:test';
import { buildPart10, sampleIdentifiers } from '../helpers/dicom-builder.js';
import { withServer } from '../helpers/server.js';

const mib = 1024 * 1024;
const frameBytes = 512 * 512 * 2;
const frameCount = 384;
const pixelBytes = frameCount * frameBytes;
const boundary = 'large-instance-boundary';
const uids = { study: '1.2.99.1', series: '1.2.99.2', instance: '1.2.99.3' };

/** An arena far smaller than the instance: it can arrive only if its bytes flow to disk while they come. */
const env = {
  GANTRY_INGEST_ARENA_BYTES: String(32 * mib),
  GANTRY_INGEST_SESSION_BYTES_MAX: String(8 * mib),
  GANTRY_INGEST_SPILL_BYTES: String(2 * mib),
};

test('an instance of 192 MiB arrives through an arena of 32 MiB, sent as fast as it goes', async () => {
  await withServer(
    async (server) => {
      const peakBefore = peakResidentMib(server.process.pid!);
      assert.equal(await upload(server.httpPort), 200);
      const url = `${server.dicomwebUrl}/studies/${uids.study}/series/${uids.series}/instances/${uids.instance}`;
      for (const number of [1, 200, frameCount]) {
        const response = await fetch(`${url}/frames/${number}`, {
          headers: { accept: 'application/octet-stream' },
        });
        const frame = Buffer.from(await response.arrayBuffer());
        assert.ok(frame.equals(frameOf(number)), `frame ${number}`);
      }
      const growth = peakResidentMib(server.process.pid!) - peakBefore;
      assert.ok(growth < 150, `the server grew by ${growth} MiB`);
    },
    { env },
  );
});

function frameOf(number: number): Buffer {
  return Buffer.alloc(frameBytes, number % 251);
}

/** A Store request with chunked encoding; resolves with the status. */
function upload(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const contentType = `multipart/related; type="application/dicom"; boundary=${boundary}`;
    const sent = request(
      {
        port,
        method: 'POST',
        path: '/dicom-web/studies',
        headers: { 'content-type': contentType },
      },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
      },
    );
    sent.on('error', reject);
    void (async () => {
      sent.write(`--${boundary}\r\nContent-Type: application/dicom\r\n\r\n`);
      sent.write(headerBytes());
      for (let number = 1; number <= frameCount; number++) {
        if (sent.write(frameOf(number))) continue;
        await new Promise((drained) => sent.once('drain', drained));
      }
      sent.end(`\r\n--${boundary}--\r\n`);
    })();
  });
}

/** Everything up to the first pixel, with the length of all of them. */
function headerBytes(): Buffer {
  const placeholder = Buffer.alloc(4);
  const part10 = Buffer.from(
    buildPart10({
      elements: {
        ...sampleIdentifiers(uids),
        Rows: 512,
        Columns: 512,
        SamplesPerPixel: 1,
        PhotometricInterpretation: 'MONOCHROME2',
        BitsAllocated: 16,
        BitsStored: 16,
        HighBit: 15,
        PixelRepresentation: 0,
        NumberOfFrames: String(frameCount),
        PatientID: 'LARGE',
      },
      pixelData: placeholder,
    }),
  );
  const header = part10.subarray(0, part10.length - placeholder.length);
  header.writeUInt32LE(pixelBytes, header.length - 4);
  return header;
}

/** Peak resident set of a process, from Linux's own account. */
function peakResidentMib(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
