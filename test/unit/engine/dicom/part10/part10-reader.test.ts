import assert from 'node:assert/strict';
import { test } from 'node:test';

import { tagHex } from '#engine/dicom/dictionary/dictionary.js';
import { vrName } from '#engine/dicom/dictionary/vr.js';
import type { DataSetVisitor } from '#engine/dicom/part10/data-set-visitor.js';
import { writeFileMeta } from '#engine/dicom/part10/file-meta-information.js';
import { Part10Reader } from '#engine/dicom/part10/part10-reader.js';
import { buildDataSet, buildPart10, sampleIdentifiers } from '#test/helpers/dicom-builder.js';

/** Writes down what a reader reports, a line each. */
class Recorder implements DataSetVisitor {
  readonly lines: string[] = [];

  onValue({ tag, vr }: { tag: number; vr: number }, value: Uint8Array): void {
    this.lines.push(`${tagHex(tag)} ${vrName(vr)} ${Buffer.from(value).toString('latin1')}`);
  }
  onBulkValue({ tag, offset, length }: { tag: number; offset: number; length: number }): void {
    this.lines.push(`${tagHex(tag)} bulk ${offset}+${length}`);
  }
  onSequenceStart({ tag }: { tag: number }): void {
    this.lines.push(`${tagHex(tag)} [`);
  }
  onItemStart(): void {
    this.lines.push('{');
  }
  onItemEnd(): void {
    this.lines.push('}');
  }
  onSequenceEnd(): void {
    this.lines.push(']');
  }
  onOffsetTable(tag: number, table: Uint8Array): void {
    this.lines.push(`${tagHex(tag)} table ${Buffer.from(table).toString('hex')}`);
  }
  onFragment(offset: number, length: number, firstBytes: number): void {
    this.lines.push(`fragment ${offset}+${length} ${firstBytes.toString(16)}`);
  }
  onFragmentsEnd(_element: object, end: number): void {
    this.lines.push(`fragments end ${end}`);
  }
  onWarning(tag: number, reason: string): void {
    this.lines.push(`warning ${tagHex(tag)} ${reason}`);
  }
}

const explicit = '1.2.840.10008.1.2.1';

function readBare(bytes: Uint8Array, transferSyntaxUid = explicit): string[] {
  const recorder = new Recorder();
  const reader = new Part10Reader(recorder, transferSyntaxUid);
  reader.push(bytes);
  reader.end();
  return recorder.lines;
}

for (const sequences of ['lengths', 'delimited'] as const) {
  test(`PS3.5 §7.5 sequences with ${sequences} are reported as they nest`, () => {
    const bytes = buildDataSet({
      sequences,
      elements: {
        Modality: 'CT',
        RequestAttributesSequence: [{ ScheduledProtocolCodeSequence: [{ CodeValue: 'A1' }] }, {}],
      },
    });
    assert.deepEqual(readBare(bytes), [
      '00080060 CS CT',
      '00400275 [',
      '{',
      '00400008 [',
      '{',
      '00080100 SH A1',
      '}',
      ']',
      '}',
      '{',
      '}',
      ']',
    ]);
  });
}

test('PS3.5 §A.4 fragments and offset tables are reported with their positions', () => {
  const frames = [Buffer.from([0xff, 0xd8, 0xff, 0xe0]), Buffer.from([1, 2])];
  const bytes = buildDataSet({ elements: {}, pixelData: { frames } });
  assert.deepEqual(readBare(bytes), [
    '7FE00010 bulk 12+-1',
    '7FE00010 table 000000000c000000',
    'fragment 36+4 ffd8ffe0',
    'fragment 48+2 0',
    'fragments end 50',
  ]);
});

test('PS3.5 §A.1 ambiguous VRs of implicit VR are resolved', () => {
  const elements = {
    PixelRepresentation: 1,
    SmallestImagePixelValue: { vr: 'SS', value: 0x4142 },
    LUTData: { vr: 'OW', value: Buffer.from('ab') },
  };
  const lines = readBare(buildDataSet({ elements }, '1.2.840.10008.1.2'), '1.2.840.10008.1.2');
  assert.deepEqual(lines.slice(1), ['00280106 SS BA', '00283006 OW ab']);
});

test('skipping is offered for bulk values only, and counts', () => {
  const bytes = buildDataSet({
    elements: { Modality: 'CT' },
    pixelData: new Uint8Array(10_000),
  });
  const recorder = new Recorder();
  const reader = new Part10Reader(recorder, explicit);
  reader.push(bytes.subarray(0, 5));
  assert.equal(reader.skippableBytes, 0);
  reader.push(bytes.subarray(5, 100));
  assert.equal(reader.skippableBytes, bytes.length - 100);
  reader.skip(reader.skippableBytes);
  reader.end();
  assert.deepEqual(recorder.lines, ['00080060 CS CT', '7FE00010 bulk 22+10000']);
});

test('PS3.5 §A.5 the feeder learns where a deflated data set starts', () => {
  const deflated = '1.2.840.10008.1.2.1.99';
  const elements = { ...sampleIdentifiers(), Modality: 'CT' };
  const bytes = buildPart10({ elements, transferSyntaxUid: deflated });
  const recorder = new Recorder();
  const reader = new Part10Reader(recorder);
  reader.push(bytes);
  assert.equal(reader.deflatedFrom, bytes.length - buildDataSet({ elements }, deflated).length);
  reader.push(buildDataSet({ elements }));
  reader.end();
  assert.equal(recorder.lines[2], '00080060 CS CT');
});

test('PS3.10 §7.1 our File Meta Information is read without a warning', () => {
  const recorder = new Recorder();
  const reader = new Part10Reader(recorder);
  const values = { transferSyntaxUid: explicit, sopClassUid: '1.2', sopInstanceUid: '1.2.3' };
  const bytes = writeFileMeta({ ...values, sourceAeTitle: 'CT1' });
  reader.push(bytes);
  reader.push(buildDataSet({ elements: { Modality: 'CT' } }));
  reader.end();
  assert.deepEqual(recorder.lines, ['00080060 CS CT']);
  assert.equal(reader.dataSetOffset, bytes.length);
  assert.equal(reader.transferSyntaxUid, explicit);
});

test('a data set not in its transfer syntax is read as it is', () => {
  const implicit = '1.2.840.10008.1.2';
  const elements = { Modality: 'CT' };
  for (const [actual, declared] of [
    [implicit, explicit],
    [explicit, implicit],
  ] as const) {
    const lines = readBare(buildDataSet({ elements }, actual), declared);
    assert.deepEqual(lines, [
      'warning 00020010 the data set is not encoded in its transfer syntax',
      '00080060 CS CT',
    ]);
  }
});
