import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readIndexedAttributes } from '#engine/dicom/instance/parsed-instance.js';
import { readFrameEntry, joinFragments } from '#engine/dicom/pixel-data/frame-table.js';
import {
  buildDataSet,
  buildPart10,
  grayImage,
  type Part10Description,
  sampleIdentifiers,
} from '#test/helpers/dicom-builder.js';
import { describeCode, describeGood, metadataOf } from '#test/helpers/describe.js';

const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const bigEndian = '1.2.840.10008.1.2.2';
const deflated = '1.2.840.10008.1.2.1.99';
const jpeg2000 = '1.2.840.10008.1.2.4.90';

const identifiers = sampleIdentifiers({ study: '1.2.1', series: '1.2.2', instance: '1.2.3' });

function file(description: Partial<Part10Description>): Uint8Array {
  return buildPart10({
    ...description,
    elements: { ...identifiers, ...description.elements },
  });
}

const rich: Part10Description = {
  elements: {
    ...identifiers,
    ...grayImage(2, 3, 16),
    SpecificCharacterSet: 'ISO_IR 192',
    PatientName: 'Müller^Jürgen',
    StudyDate: '20240131',
    AccessionNumber: '',
    NumberOfFrames: 2,
    RequestAttributesSequence: [
      { ScheduledProcedureStepID: 'S1', RequestedProcedureID: 'R1' },
      { ScheduledProcedureStepID: 'S2' },
    ],
    ReferencedSeriesSequence: [],
    SmallestImagePixelValue: 5,
    '00090010': { vr: 'LO', value: 'ACME' },
    '00091001': { vr: 'OW', value: Buffer.from([1, 2, 3, 4]) },
  },
  pixelData: new Uint8Array(24).fill(7),
};

for (const transferSyntaxUid of [implicit, explicit, bigEndian, deflated]) {
  for (const sequences of ['lengths', 'delimited'] as const) {
    test(`PS3.18 §F.2 metadata of ${transferSyntaxUid}, sequences with ${sequences}`, async () => {
      const bytes = buildPart10({ ...rich, transferSyntaxUid, sequences });
      const instance = await describeGood(bytes);
      const metadata = metadataOf(instance);
      assert.deepEqual(metadata['00100010'], {
        vr: 'PN',
        Value: [{ Alphabetic: 'Müller^Jürgen' }],
      });
      assert.deepEqual(metadata['00080050'], { vr: 'SH' });
      assert.deepEqual(metadata['00081115'], { vr: 'SQ' });
      assert.deepEqual(metadata['00280106'], { vr: 'US', Value: [5] });
      assert.deepEqual(metadata['00400275']?.Value?.[1], {
        '00400009': { vr: 'SH', Value: ['S2'] },
      });
      // Words of a big endian data set are turned; a private attribute has no VR in implicit VR.
      const isBig = transferSyntaxUid === bigEndian;
      assert.deepEqual(metadata['00091001'], {
        vr: transferSyntaxUid === implicit ? 'UN' : 'OW',
        InlineBinary: Buffer.from(isBig ? [2, 1, 4, 3] : [1, 2, 3, 4]).toString('base64'),
      });
      assert.deepEqual(metadata['7FE00010'], { vr: 'OW', BulkDataURI: '/bulkdata/7FE00010' });
      assert.equal(metadata['00020010'], undefined);
      assert.equal(instance.layout.pixel.kind, 'native');
      assert.ok(instance.layout.pixel.kind === 'native');
      assert.equal(instance.layout.pixel.frameCount, 2);
      assert.equal(instance.layout.pixel.frameBits, 96);
      assert.equal(instance.layout.deflated, transferSyntaxUid === deflated);
      const { offset, length } = instance.layout.pixel;
      const stored =
        transferSyntaxUid === deflated ? buildDataSet({ ...rich, sequences }, explicit) : bytes;
      assert.deepEqual(stored.slice(offset, offset + length), new Uint8Array(24).fill(7));
    });
  }
}

test('indexed attributes come by level, sequences whole', async () => {
  const attributes = readIndexedAttributes(await describeGood(buildPart10(rich)));
  assert.deepEqual(attributes.study['00080020'], { vr: 'DA', Value: ['20240131'] });
  assert.deepEqual(attributes.study['00080005'], { vr: 'CS', Value: ['ISO_IR 192'] });
  assert.equal(attributes.series['00400275']?.Value?.length, 2);
  assert.deepEqual(attributes.instance['00280010'], { vr: 'US', Value: [2] });
});

test('PS3.18 §F.2.6 long values are replaced, their URI is left open', async () => {
  const value = new Uint8Array(2000).fill(1);
  const instance = await describeGood(
    file({
      elements: {
        PatientName: 'Ä',
        SpecificCharacterSet: 'ISO_IR 192',
        ReferencedStudySequence: [{}, { '00091002': { vr: 'OB', value } }],
      },
    }),
  );
  const [bulk] = instance.layout.bulkValues;
  assert.equal(bulk?.path, '00081110/2/00091002');
  assert.equal(bulk.length, 2000);
  const json = Buffer.from(instance.metadata.json);
  const [offset = 0] = instance.metadata.uriOffsets;
  assert.equal(json.subarray(offset, offset + 31).toString(), '/bulkdata/00081110/2/00091002"}');
});

test('PS3.5 §A.4 encapsulated frames of one and of several fragments', async () => {
  const frames = [[Buffer.from('ab')], [Buffer.from('cd'), Buffer.from('efgh')]];
  const bytes = file({
    transferSyntaxUid: jpeg2000,
    elements: { ...grayImage(1, 2, 8), NumberOfFrames: 2 },
    pixelData: { frames },
  });
  const instance = await describeGood(bytes);
  const read = (index: number): string => {
    const entry = readFrameEntry(instance.frameTable, index);
    assert.ok(entry);
    const range = bytes.subarray(entry.offset, entry.offset + entry.length);
    return Buffer.from(joinFragments(range, entry.fragmentCount)).toString();
  };
  assert.equal(instance.layout.pixel.kind, 'encapsulated');
  assert.deepEqual([read(0), read(1)], ['ab', 'cdefgh']);
});

test('pixel data of an icon is not the pixel data of the instance', async () => {
  const icon = { ...grayImage(1, 1, 8), '7FE00010': { vr: 'OB', value: Buffer.from([1, 2]) } };
  const instance = await describeGood(
    file({
      elements: { ...grayImage(1, 2, 8), IconImageSequence: [icon] },
      pixelData: Buffer.from([3, 4]),
    }),
  );
  assert.ok(instance.layout.pixel.kind === 'native');
  assert.equal(instance.layout.pixel.frameCount, 1);
  assert.equal(instance.layout.bulkValues.length, 1);
});

test('frames of single bits do not end on bytes', async () => {
  const instance = await describeGood(
    file({
      elements: { ...grayImage(3, 3, 1), NumberOfFrames: 3 },
      pixelData: new Uint8Array(4),
    }),
  );
  assert.ok(instance.layout.pixel.kind === 'native');
  assert.equal(instance.layout.pixel.frameBits, 9);
  assert.equal(instance.layout.pixel.frameCount, 3);
});

test('the bytes limit the number of native frames', async () => {
  const instance = await describeGood(
    file({
      elements: { ...grayImage(2, 2, 8), NumberOfFrames: 2_000_000 },
      pixelData: new Uint8Array(8),
    }),
  );
  assert.ok(instance.layout.pixel.kind === 'native');
  assert.equal(instance.layout.pixel.frameCount, 2);
  assert.equal(instance.warnings.length, 1);
});

test('Rows of another VR do not count', async () => {
  const instance = await describeGood(
    file({
      elements: { ...grayImage(2, 2, 8), Rows: { vr: 'UL', value: 0xffffffff } },
      pixelData: new Uint8Array(8),
    }),
  );
  assert.equal(instance.layout.pixel.kind, 'none');
});

test('PS3.10 §7.1 what the sender left out is put in front', async () => {
  const whole = await describeGood(buildPart10(rich));
  assert.equal(whole.prefix.length, 0);
  for (const omit of ['preamble', 'file-meta'] as const) {
    const bytes = buildPart10({ ...rich, omit });
    const bare = await describeGood(bytes);
    const stored = Buffer.concat([bare.prefix, bytes]);
    const again = await describeGood(stored);
    assert.equal(again.prefix.length, 0);
    assert.deepEqual(again.warnings, []);
    assert.deepEqual(again.layout, bare.layout);
    assert.deepEqual(metadataOf(again), metadataOf(whole));
  }
});

const announced = {
  transferSyntaxUid: implicit,
  sopClassUid: identifiers.SOPClassUID,
  sopInstanceUid: identifiers.SOPInstanceUID,
  callingAeTitle: 'CT1',
};

for (const transferSyntaxUid of [implicit, bigEndian, deflated]) {
  test(`PS3.7 §9.1.1 a bare data set in ${transferSyntaxUid} becomes Part 10`, async () => {
    const bytes = buildDataSet(rich, transferSyntaxUid);
    const bare = await describeGood(bytes, { ...announced, transferSyntaxUid });
    const again = await describeGood(Buffer.concat([bare.prefix, bytes]));
    assert.deepEqual(again.warnings, []);
    assert.deepEqual(again.layout, bare.layout);
    assert.equal(again.transferSyntaxUid, transferSyntaxUid);
    assert.ok(Buffer.from(bare.prefix).includes('CT1 '));
  });
}

test('PS3.7 §9.1.1 UIDs other than those announced are refused', async () => {
  const bytes = buildDataSet(rich, implicit);
  assert.equal(await describeCode(bytes, announced), 'ok');
  for (const wrong of [{ sopClassUid: '1.2' }, { sopInstanceUid: '1.2' }]) {
    assert.equal(await describeCode(bytes, { ...announced, ...wrong }), 'sop-mismatch');
  }
});

test('instances without valid identifiers are refused', async () => {
  for (const keyword of Object.keys(identifiers)) {
    assert.equal(await describeCode(file({ elements: { [keyword]: '' } })), 'identifier-missing');
    assert.equal(
      await describeCode(file({ elements: { [keyword]: 'a/b' } })),
      'identifier-missing',
    );
  }
});

test('a missing or wrong Group Length and transfer syntax are tolerated', async () => {
  for (const groupLength of ['none', 0, 4_000_000] as const) {
    const instance = await describeGood(buildPart10({ ...rich, groupLength }));
    assert.deepEqual(
      instance.warnings.map(({ tag }) => tag),
      ['00020000'],
    );
  }
  for (const [transferSyntaxUid, uid] of [['not a uid', explicit]] as const) {
    const instance = await describeGood(buildPart10({ ...rich, transferSyntaxUid }));
    assert.equal(instance.transferSyntaxUid, uid);
  }
});

test('an attribute sent twice counts once', async () => {
  const once = buildPart10({ ...rich, pixelData: new Uint8Array(0) });
  const twice = Buffer.from(once);
  const rows = twice.indexOf(Buffer.from([0x28, 0x00, 0x11, 0x00]));
  twice[rows + 2] = 0x10;
  const instance = await describeGood(twice);
  assert.deepEqual(metadataOf(instance)['00280010'], { vr: 'US', Value: [2] });
  assert.deepEqual(instance.warnings, [
    { tag: '00280010', reason: 'the data set has the attribute twice' },
  ]);
});

test('PS3.5 §6.2.2 UN is read as the VR it hides', async () => {
  const items = buildDataSet({ elements: { CodeValue: 'X' } }, implicit);
  const item = Buffer.concat([Buffer.from([0xfe, 0xff, 0, 0xe0, items.length, 0, 0, 0]), items]);
  const instance = await describeGood(
    file({
      elements: {
        PatientID: { vr: 'UN', value: Buffer.from('ID') },
        ProcedureCodeSequence: { vr: 'UN', value: item },
        '00091001': { vr: 'UN', value: Buffer.from('ab') },
      },
    }),
  );
  const metadata = metadataOf(instance);
  assert.deepEqual(metadata['00100020'], { vr: 'LO', Value: ['ID'] });
  assert.deepEqual(metadata['00081032'], {
    vr: 'SQ',
    Value: [{ '00080100': { vr: 'SH', Value: ['X'] } }],
  });
  assert.equal(metadata['00091001']?.vr, 'UN');
});

test('bytes after the data set are ignored', async () => {
  const bytes = buildPart10(rich);
  for (const tail of [
    new Uint8Array(3),
    new Uint8Array(100),
    Buffer.from([8, 0, 1, 0, 1, 2, 3, 4]),
  ]) {
    const instance = await describeGood(Buffer.concat([bytes, tail]));
    assert.deepEqual(instance.warnings, [{ tag: '', reason: 'bytes follow the data set' }]);
  }
});
