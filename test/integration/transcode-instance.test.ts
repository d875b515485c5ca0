import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import {
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
} from '#engine/dicom/dictionary/transfer-syntaxes.js';
import type { Engine, TranscodedInstance } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { corpusFiles, corpusMissing, corpusPath, type CorpusFile } from '#test/helpers/corpus.js';
import { readFrame, storeFile, withEngine } from '#test/helpers/test-engine.js';

/** All bytes, read front to back in pieces of an odd length. */
async function readTranscoded(source: TranscodedInstance): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (let position = 0; ;) {
    const piece = Buffer.alloc(99_991);
    const length = await source.read(position, piece);
    if (length === 0) return Buffer.concat(pieces);
    position += length;
    pieces.push(piece.subarray(0, length));
  }
}

interface StoredInstance {
  readonly partition: number;
  readonly record: InstanceRecord;
}

let partitions = 0;

async function store(engine: Engine, file: string | Uint8Array): Promise<StoredInstance> {
  const partition = ++partitions;
  return { partition, record: await storeFile(engine, partition, file) };
}

/** The instance as it is when what was sent of it is stored again. */
async function transcoded(
  engine: Engine,
  { partition, record }: StoredInstance,
  transferSyntaxUid: string,
): Promise<StoredInstance> {
  const source = await engine.transcodeInstance(partition, record, transferSyntaxUid);
  const bytes = await readTranscoded(source);
  if (source.length !== undefined) assert.equal(bytes.length, source.length);
  const stored = await store(engine, bytes);
  assert.equal(stored.record.transferSyntaxUid, transferSyntaxUid);
  return stored;
}

/** The first native frames, samples pixel by pixel. */
async function framesOf(engine: Engine, instance: StoredInstance): Promise<Buffer[]> {
  const { partition, record } = instance;
  const { pixel } = engine.describeLayout(partition, record);
  const count = pixel.kind === 'none' ? 0 : Math.min(pixel.frameCount, 3);
  const numbers = Array.from({ length: count }, (_, n) => n + 1);
  const frames = await Promise.all(
    numbers.map((number) =>
      readFrame(engine, { partition, record, number }, explicitVrLittleEndianUid),
    ),
  );
  const isPlanar = metadataOf(engine, instance)['00280006']?.Value?.[0] === 1;
  return isPlanar ? frames.map(pixelByPixel) : frames;
}

/** Frames of three bytes a pixel. */
function pixelByPixel(planes: Buffer): Buffer {
  const count = planes.length / 3;
  return Buffer.from(planes.map((_, at) => planes[(at % 3) * count + Math.floor(at / 3)]!));
}

type Metadata = Record<string, { readonly vr: string; readonly Value?: readonly unknown[] }>;

function metadataOf(engine: Engine, { partition, record }: StoredInstance): Metadata {
  const [json] = engine.retrieveMetadata(partition, [record], () => '');
  return JSON.parse(Buffer.from(json!).toString()) as Metadata;
}

/** What may differ: how colours are described, and what belongs to the encoding. */
const encodingTags = new Set(['00280004', '00280006', '00282110', '7FE00010', '7FE00001']);

function withoutEncoding(metadata: Metadata): Metadata {
  return Object.fromEntries(Object.entries(metadata).filter(([tag]) => !encodingTags.has(tag)));
}

/** The smallest file of each kind of pixels. */
function kinds(): CorpusFile[] {
  const smallest = new Map<string, CorpusFile>();
  for (const file of corpusFiles().filter(({ storable }) => storable)) {
    const { transferSyntax, bitsStored, rows, frames } = file;
    const kind = [transferSyntax, bitsStored, rows === null, frames > 1, file.photometric].join();
    const known = smallest.get(kind);
    if (known === undefined || file.size < known.size) smallest.set(kind, file);
  }
  // The pixel data of one file is no codestream at all.
  return [...smallest.values()].filter(
    ({ path, size }) => size < 200_000 && !path.endsWith('__genFile.dcm'),
  );
}

const targets = [
  explicitVrLittleEndianUid,
  implicitVrLittleEndianUid,
  ...['4.80', '4.202', '5'].map((suffix) => `1.2.840.10008.1.2.${suffix}`),
];

describe('PS3.5 §8.2, §A.4: instances in other transfer syntaxes', { skip: corpusMissing }, () => {
  test('hold the same pixels and the same attributes', async () => {
    const made = new Map<string, number>();
    await withEngine(async (engine) => {
      for (const file of kinds()) {
        const stored = await store(engine, corpusPath(file));
        for (const uid of targets) {
          const { partition, record } = stored;
          if (record.transferSyntaxUid === uid) continue;
          if (engine.instanceTranscodingRefusal(partition, record, uid) !== undefined) continue;
          const result = await transcoded(engine, stored, uid).catch(isUnfit);
          if (result === undefined) continue;
          const what = `${file.path} in ${uid}`;
          // Private elements have no VR there.
          if (uid !== implicitVrLittleEndianUid) {
            const attributes = withoutEncoding(metadataOf(engine, result));
            assert.deepEqual(attributes, withoutEncoding(metadataOf(engine, stored)), what);
          }
          if (!isDecodable(engine, stored)) continue;
          const expected = await framesOf(engine, stored);
          const frames = await framesOf(engine, result);
          assert.equal(frames.length, expected.length, what);
          frames.forEach((frame, n) => assert.ok(frame.equals(expected[n]!), what));
          made.set(uid, (made.get(uid) ?? 0) + 1);
        }
      }
    });
    for (const uid of targets) assert.ok((made.get(uid) ?? 0) > 10, `${uid}: ${made.get(uid)}`);
  });
});

describe(
  'PS3.3 §C.7.6.1.1.5: an instance that is compressed with loss',
  { skip: corpusMissing },
  () => {
    test('is another instance, which says so', async () => {
      const file = corpusFiles().find(({ path }) => path.endsWith('REF__US1_UNC'))!;
      await withEngine(async (engine) => {
        const stored = await store(engine, corpusPath(file));
        const result = await transcoded(engine, stored, '1.2.840.10008.1.2.4.50');
        const again = await transcoded(engine, stored, '1.2.840.10008.1.2.4.50');
        assert.notEqual(result.record.sopInstanceUid, stored.record.sopInstanceUid);
        assert.equal(result.record.sopInstanceUid, again.record.sopInstanceUid);
        const metadata = metadataOf(engine, result);
        const first = (tag: string): unknown => metadata[tag]?.Value?.[0];
        assert.equal(first('00080008'), 'DERIVED');
        assert.equal(first('00280004'), 'YBR_FULL_422');
        assert.equal(first('00282110'), '01');
        assert.equal(first('00282114'), 'ISO_10918_1');
        assert.ok(Number(first('00282112')) > 2);
        const reference = first('00082112') as Metadata;
        assert.deepEqual(reference['00081155']?.Value, [stored.record.sopInstanceUid]);
        const [frame] = await framesOf(engine, result);
        const [original] = await framesOf(engine, stored);
        const difference = frame!.reduce(
          (sum, sample, at) => sum + Math.abs(sample - original![at]!),
          0,
        );
        assert.ok(difference / frame!.length < 4, String(difference / frame!.length));
      });
    });

    test('is smaller and another one with less quality', async () => {
      const file = corpusFiles().find(({ path }) => path.endsWith('REF__US1_UNC'))!;
      const results: InstanceRecord[] = [];
      for (const lossyQuality of [90, 30]) {
        await withEngine(
          async (engine) => {
            const stored = await store(engine, corpusPath(file));
            results.push((await transcoded(engine, stored, '1.2.840.10008.1.2.4.50')).record);
          },
          { lossyQuality },
        );
      }
      const [good, poor] = results;
      assert.ok(poor!.blob.length < good!.blob.length / 2);
      assert.notEqual(poor!.sopInstanceUid, good!.sopInstanceUid);
    });
  },
);

function isDecodable(engine: Engine, { partition, record }: StoredInstance): boolean {
  return engine.frameTranscodingRefusal(partition, record, explicitVrLittleEndianUid) === undefined;
}

/** Pixels with bits beyond Bits Stored, as old overlays are, have no place in a codestream. */
function isUnfit(error: unknown): undefined {
  if (error instanceof GantryError && error.detail.includes('without loss')) return undefined;
  throw error;
}
