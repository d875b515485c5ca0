import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import type { RenderParameters } from '#engine/codec/render/rendering.js';
import type { Engine } from '#engine/engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { corpusFiles, corpusMissing, corpusPath, type CorpusFile } from '#test/helpers/corpus.js';
import { dcmtkMissing, runDcmtk } from '#test/helpers/dcmtk.js';
import { decodePicture, readPnm, type DecodedPicture } from '#test/helpers/decode-picture.js';
import type { JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { storeFile, withEngine } from '#test/helpers/test-engine.js';

/**
 * Compares our pictures with those of DCMTK's dcmj2pnm: one file of each kind of pixels that it decodes. Left out are images
 * whose window lies in functional groups, which it does not read, segments, whose single bits it shows in grey, and flat ones.
 */
const decodedByDcmtk = new Set([
  ...['1.2.840.10008.1.2', '1.2.840.10008.1.2.1', '1.2.840.10008.1.2.2', '1.2.840.10008.1.2.5'],
  ...['1.2.840.10008.1.2.4.50', '1.2.840.10008.1.2.4.57', '1.2.840.10008.1.2.4.70'],
]);
const samplesMax = 1024 * 1024;

const parameters: RenderParameters = {
  format: 'png',
  quality: 100,
  isNeverEnlarged: false,
  annotations: [],
  iccProfile: 'no',
};

test('PS3.4 §N.2 pictures of the corpus are those of DCMTK', async (t) => {
  if (corpusMissing !== false) return t.skip(corpusMissing);
  if (dcmtkMissing !== false) return t.skip(dcmtkMissing);
  const folder = mkdtempSync(path.join(tmpdir(), 'gantry-dcmj2pnm-'));
  const target = path.join(folder, 'picture.pnm');
  const faults: string[] = [];
  const kinds = new Set<string>();
  let [exactCount, comparedCount] = [0, 0];
  try {
    await withEngine(async (engine) => {
      for (const [partition, file] of candidates().entries()) {
        const record = await storeFile(engine, partition, corpusPath(file));
        const attributes = attributesOf(engine, partition, record);
        const kind = kindOf(file, attributes);
        if (kind === undefined || kinds.has(kind)) continue;
        kinds.add(kind);
        const args = ['-q', '+op', ...windowArguments(attributes)];
        const { exitCode } = await runDcmtk('dcmj2pnm', [...args, corpusPath(file), target]);
        if (exitCode !== 0) continue;
        const subject = engine.rendering.pictureSubject(partition, record);
        const png = await engine.rendering.renderPicture(subject, [1], parameters);
        const picture = await decodePicture(png);
        const difference = largestDifference(picture, readPnm(readFileSync(target)));
        comparedCount++;
        if (difference === 0) exactCount++;
        if (difference > allowedDifference(file, attributes)) {
          faults.push(`${file.path} (${args.join(' ')}) differs by ${difference}`);
        }
      }
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
  assert.deepEqual(faults, []);
  assert.ok(comparedCount > 25, `only ${comparedCount} files were compared`);
  assert.ok(exactCount > comparedCount * 0.7, `${exactCount} of ${comparedCount} are the same`);
});

/** A few files of each transfer syntax, depth and photometric interpretation. */
function candidates(): CorpusFile[] {
  const counts = new Map<string, number>();
  return corpusFiles().filter((file) => {
    const { storable, rows, transferSyntax, bitsStored } = file;
    const isSmall = typeof rows === 'number' && rows * rows < samplesMax;
    if (!storable || !isSmall || !decodedByDcmtk.has(transferSyntax ?? '')) return false;
    const kind = [transferSyntax, bitsStored, file.photometric].join();
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    return counts.get(kind)! <= filesOfKindMax;
  });
}

const filesOfKindMax = 2;

function attributesOf(engine: Engine, partition: number, record: InstanceRecord): JsonDataSet {
  const [document] = engine.retrieveMetadata(partition, [record], () => '');
  const json = Buffer.from(document!).toString();
  return JSON.parse(json) as JsonDataSet;
}

function valueOf(attributes: JsonDataSet, tag: string): unknown {
  return attributes[tag]?.Value?.[0];
}

/** Names what makes a picture different from others; undefined for those that cannot be compared. */
function kindOf(file: CorpusFile, attributes: JsonDataSet): string | undefined {
  const value = (tag: string): unknown => valueOf(attributes, tag);
  if (attributes['7FE00010'] === undefined) return undefined;
  const isGrouped = attributes['52009229'] !== undefined;
  const isPadded = attributes['00280120'] !== undefined && value('00281051') === undefined;
  const isFlat = value('00280106') !== undefined && value('00280106') === value('00280107');
  // DCMTK takes no window narrower than 1 and no 32-bit words of another byte order.
  const width = value('00281051');
  const isForeign = (width !== undefined && Number(width) < 1) || Number(value('00280100')) === 32;
  // The markers of its codestream say YCbCr; the data set says RGB.
  const isMislabelled =
    file.transferSyntax?.endsWith('.50') === true && value('00280004') === 'RGB';
  if (isGrouped || isPadded || isFlat || isForeign || isMislabelled) return undefined;
  return [
    file.transferSyntax,
    ...['00280002', '00280004', '00280006', '00280100', '00280101', '00280103'].map(value),
    windowArguments(attributes),
    rescales(attributes),
    Object.keys(attributes).some((tag) => tag.startsWith('60')),
  ].join();
}

function windowArguments(attributes: JsonDataSet): string[] {
  if (valueOf(attributes, '00281051') !== undefined) return ['+Wi', '1'];
  if (valueOf(attributes, '00283010') !== undefined) return ['+Wl', '1'];
  return Number(valueOf(attributes, '00280101')) <= 8 ? ['-W'] : ['+Wm'];
}

function rescales(attributes: JsonDataSet): boolean {
  return Number(valueOf(attributes, '00281053') ?? 1) !== 1;
}

/** DCMTK rounds values of the modality to whole numbers and cuts off fractions of colours; decoders of DCT differ by one. */
function allowedDifference(file: CorpusFile, attributes: JsonDataSet): number {
  if (String(valueOf(attributes, '00280004')).startsWith('YBR')) return 2;
  return rescales(attributes) || file.transferSyntax?.endsWith('.50') === true ? 1 : 0;
}

function largestDifference(a: DecodedPicture, b: DecodedPicture): number {
  assert.deepEqual([a.width, a.height], [b.width, b.height]);
  let largest = 0;
  const [stepA, stepB] = [a.channels === 1 ? 0 : 1, b.channels === 1 ? 0 : 1];
  for (let pixel = 0; pixel < a.width * a.height; pixel++) {
    for (let channel = 0; channel < 3; channel++) {
      const ours = a.pixels[pixel * a.channels + channel * stepA]!;
      const theirs = b.pixels[pixel * b.channels + channel * stepB]!;
      largest = Math.max(largest, Math.abs(ours - theirs));
    }
  }
  return largest;
}
