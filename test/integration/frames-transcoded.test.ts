import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  corpusFiles,
  corpusMissing,
  groupsWithoutRepeats,
  readCorpusFile,
  type CorpusFile,
} from '../helpers/corpus.js';
import { qido, retrieve, stow, type JsonDataSet } from '../helpers/dicomweb-client.js';
import { withServer, type TestServer } from '../helpers/server.js';

const littleEndian = '1.2.840.10008.1.2.1';
const octetStream = 'multipart/related; type="application/octet-stream"';
/** Frames of one file that are compared. */
const framesMax = 5;

/** Files of the corpus in a syntax that nothing here decodes: 12-bit JPEG. */
const isTwelveBitJpeg = ({ transferSyntax, bitsStored }: CorpusFile): boolean =>
  ['51', '53', '55'].some((process) => transferSyntax === `1.2.840.10008.1.2.4.${process}`) &&
  (bitsStored ?? 8) > 8;

const compared =
  corpusMissing === false
    ? corpusFiles().filter(({ reference, storable, referenceCheck }) => {
        return reference !== undefined && storable && referenceCheck?.result !== 'size-differs';
      })
    : [];

/** Frames as the client gets them, and the attributes that say how to read them. */
interface Retrieved {
  readonly frames: readonly Buffer[];
  readonly metadata: JsonDataSet;
}

async function storeAndRetrieve(server: TestServer, file: CorpusFile): Promise<Retrieved> {
  const { status } = await stow(server.dicomwebUrl, [readCorpusFile(file)]);
  assert.ok([200, 202].includes(status), file.path);
  const path = `studies/${file.studyUID}/series/${file.seriesUID}/instances/${file.sopInstanceUID}`;
  const [metadata] = await qido(server.dicomwebUrl, `${path}/metadata`);
  const numbers = Array.from({ length: Math.min(file.frames, framesMax) }, (_, n) => n + 1);
  const frames = `${path}/frames/${numbers.join(',')}`;
  const parts = await retrieve(server.dicomwebUrl, frames, octetStream);
  for (const { headers } of parts) {
    assert.equal(
      headers['content-type'],
      `application/octet-stream; transfer-syntax=${littleEndian}`,
      file.path,
    );
  }
  return { frames: parts.map(({ body }) => body), metadata: metadata! };
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

describe('PS3.18 §8.7.3.3 frames in explicit little endian', { skip: corpusMissing }, () => {
  const byPath = new Map(corpusMissing === false ? corpusFiles().map((f) => [f.path, f]) : []);
  const originals = [...new Set(compared.map(({ reference }) => byPath.get(reference!)!))];
  const references = new Map<string, Retrieved>();

  test('the uncompressed originals are read', async () => {
    for (const group of groupsWithoutRepeats(originals)) {
      await withServer(async (server) => {
        for (const file of group) references.set(file.path, await storeAndRetrieve(server, file));
      });
    }
  });

  for (const [index, group] of groupsWithoutRepeats(compared).entries()) {
    test(`group ${index + 1}: ${group.length} files decode to their originals`, async () => {
      await withServer(async (server) => {
        for (const file of group) {
          if (isTwelveBitJpeg(file)) await checkRefusal(server, file);
          else checkFrames(file, await storeAndRetrieve(server, file));
        }
      });
    });
  }

  function checkFrames(file: CorpusFile, { frames, metadata }: Retrieved): void {
    const original = references.get(file.reference!)!.frames;
    assert.equal(frames.length, Math.min(file.frames, framesMax), file.path);
    for (const [n, frame] of frames.entries()) {
      // One lossy file was made of an original of another depth.
      if (file.referenceExact !== true && frame.length !== original[n]!.length) continue;
      assert.equal(frame.length, original[n]!.length, file.path);
      const allowed = file.referenceExact === true ? 0 : (file.referenceCheck?.maxAbsDiff ?? 0);
      const difference = largestDifference(frame, original[n]!, metadata);
      assert.ok(difference <= allowed, `${file.path}: frame ${n + 1} differs by ${difference}`);
    }
  }

  async function checkRefusal(server: TestServer, file: CorpusFile): Promise<void> {
    const { studyUID: study, seriesUID: series, sopInstanceUID: instance } = file;
    await stow(server.dicomwebUrl, [readCorpusFile(file)]);
    const url = `${server.dicomwebUrl}/studies/${study}/series/${series}/instances/${instance}/frames/1`;
    const response = await fetch(url, { headers: { accept: octetStream } });
    assert.equal(response.status, 406, file.path);
    assert.match(await response.text(), /more than 8 bits/);
  }
});
