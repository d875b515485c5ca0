import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Engine } from '#engine/engine-types.js';
import {
  corpusFiles,
  corpusMissing,
  corpusPath,
  readCorpusFile,
  type CorpusFile,
} from '../helpers/corpus.js';
import { retrieve, stow, type JsonDataSet } from '../helpers/dicomweb-client.js';
import { withServer } from '../helpers/server.js';
import { readFrame, storeFile, withEngine } from '../helpers/test-engine.js';

const littleEndian = '1.2.840.10008.1.2.1';
/** Frames of one file that are compared. */
const framesMax = 5;

const compared =
  corpusMissing === false
    ? corpusFiles().filter(
        (file) =>
          file.reference !== undefined &&
          file.storable &&
          file.referenceCheck?.result !== 'size-differs',
      )
    : [];

/** Decoded frames, and the attributes that say how to read them. */
interface Decoded {
  readonly frames: readonly Buffer[];
  readonly metadata: JsonDataSet;
}

let partitions = 0;

async function storeAndDecode(engine: Engine, file: CorpusFile): Promise<Decoded> {
  // The corpus holds the same instance in several transfer syntaxes.
  const partition = ++partitions;
  const record = await storeFile(engine, partition, corpusPath(file));
  const numbers = Array.from({ length: Math.min(file.frames, framesMax) }, (_, n) => n + 1);
  const frames = await Promise.all(
    numbers.map((number) => readFrame(engine, { partition, record, number }, littleEndian)),
  );
  const json = Buffer.concat(engine.retrieveMetadata(partition, [record], () => '')).toString();
  return { frames, metadata: JSON.parse(json) as JsonDataSet };
}

/** Largest difference between samples of two frames of the same description. */
function largestDifference(a: Buffer, b: Buffer, metadata: JsonDataSet): number {
  const numberOf = (tag: string): number => Number(metadata[tag]?.Value?.[0] ?? 0);
  const sampleBytes = Math.max(1, numberOf('00280100') / 8);
  const isSigned = numberOf('00280103') === 1;
  const read = (frame: Buffer, at: number): number =>
    isSigned ? frame.readIntLE(at, sampleBytes) : frame.readUIntLE(at, sampleBytes);
  let largest = 0;
  for (let at = 0; at + sampleBytes <= a.length; at += sampleBytes) {
    largest = Math.max(largest, Math.abs(read(a, at) - read(b, at)));
  }
  return largest;
}

describe('PS3.5 §8.2 real files decode to their originals', { skip: corpusMissing }, () => {
  test(`${compared.length} files`, async () => {
    const byPath = new Map(corpusFiles().map((file) => [file.path, file]));
    await withEngine(async (engine) => {
      const originals = new Map<string, Decoded>();
      for (const file of compared) {
        const reference = file.reference!;
        if (!originals.has(reference)) {
          originals.set(reference, await storeAndDecode(engine, byPath.get(reference)!));
        }
        checkFrames(file, await storeAndDecode(engine, file), originals.get(reference)!);
      }
    });
  });

  function checkFrames(file: CorpusFile, decoded: Decoded, original: Decoded): void {
    const isExact = file.referenceExact === true;
    // Decoders with loss differ among themselves by their rounding.
    const allowed = isExact ? 0 : (file.referenceCheck?.maxAbsDiff ?? 0) + 1;
    assert.equal(decoded.frames.length, Math.min(file.frames, framesMax), file.path);
    for (const [n, frame] of decoded.frames.entries()) {
      const expected = original.frames[n]!;
      // One file with loss was made of an original of another depth.
      if (!isExact && frame.length !== expected.length) continue;
      assert.equal(frame.length, expected.length, file.path);
      const difference = largestDifference(frame, expected, decoded.metadata);
      assert.ok(difference <= allowed, `${file.path}: frame ${n + 1} differs by ${difference}`);
    }
  }
});

describe('PS3.18 §8.7.3.3 frames by HTTP', { skip: corpusMissing }, () => {
  const part = (type: string, syntax?: string): string =>
    `multipart/related; type="${type}"${syntax === undefined ? '' : `; transfer-syntax=${syntax}`}`;
  const find = (name: string): CorpusFile => corpusFiles().find(({ path }) => path.endsWith(name))!;
  const framesOf = ({ studyUID, seriesUID, sopInstanceUID }: CorpusFile): string =>
    `studies/${studyUID}/series/${seriesUID}/instances/${sopInstanceUID}/frames`;

  test('little endian, other syntaxes, and what is refused', async () => {
    await withServer(async ({ dicomwebUrl }) => {
      const jpeg2000 = find('J2KR__MR1_J2KR');
      const multiFrame = find('emri_small_jpeg_ls_lossless.dcm');
      const twelveBit = find('JPLY__MR3_JPLY');
      for (const file of [jpeg2000, multiFrame, twelveBit]) {
        assert.equal((await stow(dicomwebUrl, [readCorpusFile(file)])).status, 200, file.path);
      }

      const path = `${framesOf(jpeg2000)}/1`;
      const [native] = await retrieve(dicomwebUrl, path, part('application/octet-stream'));
      assert.equal(
        native!.headers['content-type'],
        `application/octet-stream; transfer-syntax=${littleEndian}`,
      );
      assert.equal(native!.body.length, 512 * 512 * 2);
      const converted = await retrieve(dicomwebUrl, path, part('image/jls'));
      assert.equal(
        converted[0]!.headers['content-type'],
        'image/jls; transfer-syntax=1.2.840.10008.1.2.4.80',
      );
      const rpcl = part('image/jphc', '1.2.840.10008.1.2.4.202');
      const [progressive] = await retrieve(dicomwebUrl, path, rpcl);
      assert.deepEqual([...progressive!.body.subarray(0, 4)], [0xff, 0x4f, 0xff, 0x51]);
      assert.ok(progressive!.body.length < native!.body.length);

      const all = `${framesOf(multiFrame)}/1,2,3,4,5,6,7,8,9,10`;
      const frames = await retrieve(dicomwebUrl, all, part('application/octet-stream'));
      assert.deepEqual(new Set(frames.map(({ body }) => body.length)), new Set([64 * 64 * 2]));
      assert.equal(new Set(frames.map(({ body }) => body.toString('base64'))).size, 10);

      const headers = { accept: 'application/octet-stream' };
      const decoded = await fetch(`${dicomwebUrl}/${framesOf(twelveBit)}/1`, { headers });
      assert.equal((await decoded.arrayBuffer()).byteLength, 512 * 512 * 2);

      const jpegXl = find('will-jxl.dcm');
      assert.equal((await stow(dicomwebUrl, [readCorpusFile(jpegXl)])).status, 200);
      const pixels = await fetch(`${dicomwebUrl}/${framesOf(jpegXl)}/27`, { headers });
      assert.equal((await pixels.arrayBuffer()).byteLength, 708 * 1016 * 3);

      const accept = 'image/jxl; transfer-syntax=1.2.840.10008.1.2.4.110';
      const refused = await fetch(`${dicomwebUrl}/${path}`, { headers: { accept } });
      assert.equal(refused.status, 406);
      await refused.arrayBuffer();
    });
  });

  test('each representation has its own entity tag', async () => {
    await withServer(async ({ dicomwebUrl }) => {
      const file = find('JLSL__MR1_JLSL');
      await stow(dicomwebUrl, [readCorpusFile(file)]);
      const etagOf = async (accept: string): Promise<string | null> => {
        const response = await fetch(`${dicomwebUrl}/${framesOf(file)}/1`, { headers: { accept } });
        await response.arrayBuffer();
        return response.headers.get('etag');
      };
      const accepts = ['application/octet-stream', 'image/jls', 'image/jphc'];
      const etags = await Promise.all(accepts.map(etagOf));
      assert.equal(new Set(etags).size, accepts.length);
    });
  });
});
