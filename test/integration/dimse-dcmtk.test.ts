import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { GantryError } from '#engine/base/error-catalogue.js';
import { isUid } from '#engine/base/uid.js';
import { DicomScu } from '#test/helpers/dicom-scu.js';
import { startDimseFixture } from '#test/helpers/dimse-fixture.js';
import { readPart10File } from '#test/helpers/part10-file.js';

const run = promisify(execFile);

/** DCMTK waits for delayed acknowledgements without it. */
const env = { ...process.env, TCP_NODELAY: '1' };

async function isToolMissing(t: TestContext, tool: string): Promise<boolean> {
  try {
    await run(tool, ['--version']);
    return false;
  } catch {
    t.skip(`NOT TESTED: the DCMTK tool ${tool} is not installed`);
    return true;
  }
}

interface CorpusEntry {
  readonly path: string;
  readonly sopClass: string;
  readonly storable: boolean;
}

function readManifest(corpus: string): readonly CorpusEntry[] {
  return JSON.parse(readFileSync(join(corpus, 'MANIFEST.json'), 'utf8')) as readonly CorpusEntry[];
}

function findCorpus(t: TestContext): string | undefined {
  const corpus = process.env['GANTRY_TEST_CORPUS'] ?? '../shared/data';
  if (existsSync(join(corpus, 'MANIFEST.json'))) return corpus;
  t.skip(`NOT TESTED: no corpus at ${corpus} (set GANTRY_TEST_CORPUS)`);
  return undefined;
}

/**
 * Options that make storescu propose one transfer syntax, with files of it that storescu sends as they are: of most others it
 * rewrites sequences or group lengths. A deflated data set it always compresses anew.
 */
const proposals: readonly {
  readonly option: string;
  readonly transferSyntaxUid: string;
  readonly files: readonly string[];
}[] = [
  {
    option: '-xi',
    transferSyntaxUid: '1.2.840.10008.1.2',
    files: [
      'multiframe/dicom-validator__dicom__rtdose.dcm',
      'multiframe/pydicom__test_files__rtdose.dcm',
      'other/pydicom__test_files__rtplan.dcm',
    ],
  },
  {
    option: '-xe',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    files: [
      'charset/fo-dicom__Test_Data__GH1301.dcm',
      'charset/fo-dicom__charset__chrGB2312.dcm',
      'charset/orthanc-tests__Database__MarekLatin2.dcm',
    ],
  },
  {
    option: '-xb',
    transferSyntaxUid: '1.2.840.10008.1.2.2',
    files: [
      'multiframe/pydicom-data__data__OBXXXX1A_expb_2frame.dcm',
      'multiframe/pydicom-data__data__SC_rgb_expb_16bit_2frame.dcm',
      'multiframe/pydicom-data__data__SC_rgb_expb_2frame.dcm',
    ],
  },
  {
    option: '-xy',
    transferSyntaxUid: '1.2.840.10008.1.2.4.50',
    files: [
      'charset/dicomParser__multi-frame__IM00001.fragmented_no_bot_jpeg_baseline.50.dcm',
      'charset/orthanc-tests__Encodings__Lena-latin4.dcm',
      'charset/orthanc-tests__Encodings__Lena-latin5.dcm',
    ],
  },
  {
    option: '-xx',
    transferSyntaxUid: '1.2.840.10008.1.2.4.51',
    files: [
      'compressed/cornerstone3D__test-images__CTImage.dcm_JPEGProcess2_4TransferSyntax_1.2.840.10008.1.2.4.51.dcm',
    ],
  },
  {
    option: '-xs',
    transferSyntaxUid: '1.2.840.10008.1.2.4.70',
    files: [
      'compressed/cornerstone3D__test-images__CTImage.dcm_JPEGProcess14SV1TransferSyntax_1.2.840.10008.1.2.4.70.dcm',
      'compressed/dcm4che__resources__CT-JPEGLosslessSV1.dcm',
      'compressed/dcm4che__resources__MR-JPEGLosslessSV1.dcm',
    ],
  },
  {
    option: '-xt',
    transferSyntaxUid: '1.2.840.10008.1.2.4.80',
    files: [
      'compressed/cornerstone3D__test-images__CTImage.dcm_JPEGLSLosslessTransferSyntax_1.2.840.10008.1.2.4.80.dcm',
      'compressed/cornerstone3D__testImages__TestPattern_JPEG-LS-Lossless.dcm',
      'multiframe/dcm4che__resources__jpeg-ls-Palette.dcm',
    ],
  },
  {
    option: '-xv',
    transferSyntaxUid: '1.2.840.10008.1.2.4.90',
    files: [
      'charset/orthanc-tests__Encodings__ISO_IR13.dcm',
      'charset/pydicom__test_files__J2K_pixelrep_mismatch.dcm',
      'compressed/healthcare-dicom-dicomweb-adapter__data__example-redacted-jp2k.dcm',
    ],
  },
  {
    option: '-xw',
    transferSyntaxUid: '1.2.840.10008.1.2.4.91',
    files: ['compressed/pylibjpeg-data__JPEG2000__ELSCINT1_JP2vsJ2K.dcm'],
  },
  {
    option: '-xr',
    transferSyntaxUid: '1.2.840.10008.1.2.5',
    files: [
      'compressed/cornerstone3D__test-images__CTImage.dcm_RLELosslessTransferSyntax_1.2.840.10008.1.2.5.dcm',
      'compressed/dcm4che__resources__YBR_FULL-RLE.dcm',
      'compressed/pydicom__test_files__SC_rgb_rle.dcm',
    ],
  },
];

test('PS3.4 A: DCMTK echoscu gets success', async (t) => {
  if (await isToolMissing(t, 'echoscu')) return;
  const { port, counters } = await startDimseFixture(t);
  await run('echoscu', ['--repeat', '3', '127.0.0.1', String(port)], { env });
  assert.equal(counters.operations.length, 3);
  assert.deepEqual(counters.ends, ['released']);
});

test('PS3.8 §9.3.4: DCMTK echoscu understands that its AE title is not accepted', async (t) => {
  if (await isToolMissing(t, 'echoscu')) return;
  const { port } = await startDimseFixture(t, { acceptedCallingAes: ['CT1'] });
  await assert.rejects(
    run('echoscu', ['-aet', 'OTHER', '127.0.0.1', String(port)], { env }),
    /Calling AE Title Not Recognized/,
  );
});

for (const { option, transferSyntaxUid, files } of proposals) {
  test(`PS3.4 B: DCMTK storescu ${option}: data sets arrive byte for byte`, async (t) => {
    if (await isToolMissing(t, 'storescu')) return;
    const corpus = findCorpus(t);
    if (corpus === undefined) return;
    const paths = files.map((file) => join(corpus, file));
    const { port, store } = await startDimseFixture(t);
    await run('storescu', [option, '127.0.0.1', String(port), ...paths], { env });
    assert.equal(store.instances.length, paths.length);
    for (const [index, path] of paths.entries()) {
      const stored = store.instances[index];
      assert.ok(stored !== undefined);
      assert.equal(stored.description.transferSyntaxUid, transferSyntaxUid);
      assert.equal(stored.description.callingAeTitle, 'STORESCU');
      assert.ok(stored.bytes.equals(readPart10File(path).dataSet), path);
    }
  });
}

test('PS3.4 B: every storable file of the corpus arrives byte for byte', async (t) => {
  const corpus = findCorpus(t);
  if (corpus === undefined) return;
  const entries = readManifest(corpus).filter((entry) => entry.storable);
  // Some are of private classes, which a site has to name.
  const additionalSopClasses = entries.map((entry) => entry.sopClass);
  const { port, store } = await startDimseFixture(t, { additionalSopClasses });
  let sentCount = 0;
  for (const entry of entries) {
    const file = readPart10File(join(corpus, entry.path));
    const { sopClassUid, transferSyntaxUid } = file;
    // The File Meta Information of a few does not say how to send them.
    if (!isUid(sopClassUid) || !isUid(file.sopInstanceUid)) continue;
    const scu = await DicomScu.associate({
      host: '127.0.0.1',
      port,
      contexts: [{ abstractSyntaxUid: sopClassUid, transferSyntaxUids: [transferSyntaxUid] }],
      pduBytesMax: 16_384,
    });
    const { status } = await scu.store(scu.prepareStore(file));
    assert.equal(status, 0, entry.path);
    await scu.release();
    const stored = store.instances.pop();
    assert.ok(stored !== undefined && stored.bytes.equals(file.dataSet), entry.path);
    assert.equal(stored.description.transferSyntaxUid, transferSyntaxUid);
    assert.equal(stored.description.sopInstanceUid, file.sopInstanceUid);
    sentCount++;
  }
  assert.ok(sentCount > entries.length * 0.9);
});

test('PS3.7 Annex C: DCMTK storescu reports our failure status', async (t) => {
  if (await isToolMissing(t, 'storescu')) return;
  const corpus = findCorpus(t);
  if (corpus === undefined) return;
  const { port, store } = await startDimseFixture(t);
  store.failure = new GantryError('out-of-resources');
  const file = join(corpus, 'valid/cornerstone3D__test-images__CTImage.dcm');
  const result = run('storescu', ['-v', '127.0.0.1', String(port), file], { env });
  await assert.rejects(result, /0xa700|Refused: OutOfResources/);
});
