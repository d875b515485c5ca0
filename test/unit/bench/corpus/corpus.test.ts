import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';

import { makeIngestCorpus, makeReadCorpora } from '#bench/corpus/corpora.js';
import type { CorpusInstance } from '#bench/corpus/corpus.js';
import { planStudy } from '#bench/corpus/study-plan.js';
import { compileCodecs, createCodecSet } from '#engine/codec/codec-set.js';
import { decodeFrame } from '#engine/codec/decode-frame.js';
import { scales } from '#bench/run-scale.js';

/** The part of dcmjs that is used here; the package has no types. */
const dcmjs = createRequire(import.meta.url)('dcmjs') as {
  readonly data: {
    readonly DicomMessage: { readFile(file: ArrayBuffer): { readonly dict: object } };
    readonly DicomMetaDictionary: { naturalizeDataset(dict: object): Record<string, unknown> };
  };
};
const corpora = makeReadCorpora(scales.tiny);

test('PS3.10 7.1 a generated instance is a Part 10 file that another reader understands', () => {
  const instance = corpora.ct.instance(7);
  const dataSet = readWithDcmjs(instance);
  const study = planStudy(corpora.ct.plan, 0);
  assert.equal(dataSet['SOPInstanceUID'], instance.sopInstanceUid);
  assert.equal(dataSet['StudyInstanceUID'], instance.studyInstanceUid);
  assert.equal(dataSet['SeriesNumber'], 2);
  assert.equal(dataSet['InstanceNumber'], 3);
  assert.equal(dataSet['StudyDate'], study.studyDate);
  assert.equal(dataSet['PatientID'], study.patientId);
  assert.equal(dataSet['Rows'], 512);
  const pixelData = dataSet['PixelData'] as ArrayBuffer[];
  assert.ok(Buffer.from(pixelData[0] as ArrayBuffer).equals(instance.pixelData));
});

test('PS3.5 7.1 the elements of a data set ascend and fill it', () => {
  const { header, dataSetOffset, pixelData } = corpora.ct.instance(0);
  const tags = topLevelTags(header.subarray(dataSetOffset));
  assert.ok(tags.length > 90);
  assert.deepEqual(
    tags,
    [...tags].sort((a, b) => a - b),
  );
  assert.equal(tags.at(-1), 0x7fe00010);
  assert.equal(header.readUInt32LE(header.length - 4), pixelData.length);
});

test('PS3.5 A.4 a compressed corpus holds a fragment a frame, which decodes to its native frame', async () => {
  const { jpegLsMultiFrame } = corpora;
  await jpegLsMultiFrame.prepare();
  const { header, pixelData } = jpegLsMultiFrame.instance(1);
  assert.equal(header.readUInt32LE(header.length - 4), 0xffffffff);
  const { rows, columns, transferSyntaxUid = '' } = jpegLsMultiFrame.shape.image;
  const image = {
    rows,
    columns,
    samplesPerPixel: 1,
    photometricInterpretation: 'MONOCHROME2',
    planarConfiguration: 0,
    bitsAllocated: 16,
    bitsStored: 12,
    isSigned: false,
  } as const;
  const codecs = createCodecSet(await compileCodecs());
  let at = 8;
  for (let frame = 0; frame < scales.tiny.multiFrameCount; frame++) {
    const length = pixelData.readUInt32LE(at + 4);
    const codestream = new Uint8Array(pixelData.subarray(at + 8, at + 8 + length));
    const decoded = await decodeFrame({ codestream, transferSyntaxUid, image }, codecs);
    assert.ok(jpegLsMultiFrame.nativeFrame(1, frame).equals(decoded));
    at += 8 + length;
  }
  assert.equal(pixelData.readUInt32LE(at), 0xe0ddfffe);
});

test('a corpus is the same each time it is made, and no UID occurs twice', () => {
  const [first, second] = [makeIngestCorpus('tiny', 3, 200), makeIngestCorpus('tiny', 3, 200)];
  const uids = new Set<string>();
  for (let index = 0; index < 200; index++) {
    assert.ok(first.instance(index).header.equals(second.instance(index).header));
    uids.add(first.instance(index).sopInstanceUid);
    uids.add(makeIngestCorpus('tiny', 4, 200).instance(index).sopInstanceUid);
  }
  assert.equal(uids.size, 400);
});

test('the series of the largest scale can be made to its end', () => {
  const { longSeries } = makeReadCorpora({ ...scales.full, multiFrameCount: 1 });
  const last = longSeries.instance(longSeries.instanceCount - 1);
  assert.equal(last.header.length, longSeries.instance(0).header.length);
});

test('sizes are those the cases are named after', () => {
  const fileBytes = ({ header, pixelData }: CorpusInstance): number =>
    header.length + pixelData.length;
  assert.ok(Math.abs(fileBytes(corpora.ct.instance(0)) / 1024 - 512) < 5);
  assert.ok(Math.abs(fileBytes(corpora.tiny.instance(0)) / 1024 - 10) < 1.5);
  assert.equal(corpora.multiFrame.instance(0).pixelData.length, 8 * 512 * 512 * 2);
});

function readWithDcmjs({ header, pixelData }: CorpusInstance): Record<string, unknown> {
  const file = Uint8Array.from(Buffer.concat([header, pixelData])).buffer;
  const { dict } = dcmjs.data.DicomMessage.readFile(file);
  return dcmjs.data.DicomMetaDictionary.naturalizeDataset(dict);
}

function topLevelTags(dataSet: Buffer): number[] {
  const tags: number[] = [];
  let offset = 0;
  while (offset < dataSet.length) {
    tags.push(dataSet.readUInt16LE(offset) * 0x10000 + dataSet.readUInt16LE(offset + 2));
    const isLong = ['OW', 'SQ'].includes(dataSet.toString('latin1', offset + 4, offset + 6));
    const valueBytes = isLong ? dataSet.readUInt32LE(offset + 8) : dataSet.readUInt16LE(offset + 6);
    offset += (isLong ? 12 : 8) + valueBytes;
  }
  return tags;
}
