import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodePicture, type DecodedPicture } from '#test/helpers/decode-picture.js';
import { buildPart10, grayImage, type Elements } from '#test/helpers/dicom-builder.js';
import { stow } from '#test/helpers/dicomweb-client.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const study = '1.2.826.0.1.89.1';
const series = '1.2.826.0.1.89.2';
const states = '1.2.826.0.1.89.3';

const elements = (seriesUid: string, instance: string, more: Elements): Elements => ({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.7',
  SOPInstanceUID: instance,
  StudyInstanceUID: study,
  SeriesInstanceUID: seriesUid,
  PatientID: 'P1',
  ...more,
});

const image = `${series}.1`;
const pixels = Buffer.from([0, 50, 100, 150, 200, 250, 30, 60]);
const imageFile = buildPart10({
  elements: elements(series, image, { ...grayImage(2, 4, 8), Modality: 'OT' }),
  pixelData: pixels,
});

const plan = `${series}.2`;
const planFile = buildPart10({
  elements: elements(series, plan, { SOPClassUID: '1.2.840.10008.5.1.4.1.1.481.5' }),
});

const state = `${states}.1`;
/** Shows the image inverted and turned by half, the columns 2 and 3 of it. */
const stateFile = buildPart10({
  elements: elements(states, state, {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.11.1',
    Modality: 'PR',
    ReferencedSeriesSequence: [
      {
        SeriesInstanceUID: series,
        ReferencedImageSequence: [
          { ReferencedSOPClassUID: '1.2.840.10008.5.1.4.1.1.7', ReferencedSOPInstanceUID: image },
        ],
      },
    ],
    DisplayedAreaSelectionSequence: [
      {
        DisplayedAreaTopLeftHandCorner: { vr: 'SL', value: numbers(3, 2) },
        DisplayedAreaBottomRightHandCorner: { vr: 'SL', value: numbers(2, 1) },
        PresentationSizeMode: 'SCALE TO FIT',
      },
    ],
    ImageRotation: 180,
    ImageHorizontalFlip: 'N',
    PresentationLUTShape: 'INVERSE',
  }),
});

function numbers(...values: number[]): Buffer {
  return Buffer.from(Int32Array.from(values).buffer);
}

let server: TestServer;

function wado(parameters: Record<string, string>, accept = '*/*'): Promise<Response> {
  const query = new URLSearchParams({
    requestType: 'WADO',
    studyUID: study,
    seriesUID: series,
    objectUID: image,
    ...parameters,
  });
  return fetch(`${server.httpUrl}/wado?${query.toString()}`, { headers: { accept } });
}

async function picture(parameters: Record<string, string>): Promise<DecodedPicture> {
  const response = await wado({ contentType: 'image/png', ...parameters });
  assert.equal(response.headers.get('content-type'), 'image/png');
  return decodePicture(new Uint8Array(await response.arrayBuffer()));
}

before(async () => {
  server = await startServer({ dataDir: temporaryDirectory() });
  const stored = await stow(server.dicomwebUrl, [imageFile, planFile, stateFile]);
  assert.equal(stored.status, 200);
});
after(() => server.stop());

describe('PS3.18 §9 WADO-URI', () => {
  test('§9.1.2.1 the object as it is stored', async () => {
    for (const transferSyntax of [undefined, '1.2.840.10008.1.2.1', '*']) {
      const response = await wado({
        contentType: 'application/dicom',
        ...(transferSyntax === undefined ? {} : { transferSyntax }),
      });
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), 'application/dicom');
      assert.deepEqual(Buffer.from(await response.arrayBuffer()), Buffer.from(imageFile));
    }
  });

  test('§9.1.2.1.2 without contentType an image is a JPEG, what cannot be seen is DICOM', async () => {
    assert.equal((await wado({})).headers.get('content-type'), 'image/jpeg');
    const response = await wado({ objectUID: plan });
    assert.equal(response.headers.get('content-type'), 'application/dicom');
    assert.equal((await wado({ objectUID: plan, contentType: 'image/jpeg' })).status, 406);
    assert.equal((await wado({ contentType: 'text/html' })).status, 406);
  });

  test('§9.1.2.2 window, size, region, frame and quality', async () => {
    assert.deepEqual([...(await picture({})).pixels], [...pixels]);
    const windowed = await picture({ windowCenter: '100.5', windowWidth: '101' });
    assert.deepEqual([...windowed.pixels.subarray(0, 4)], [0, 0, 127, 255]);
    const sized = await picture({ rows: '20' });
    assert.deepEqual([sized.width, sized.height], [40, 20]);
    const within = await picture({ rows: '20', columns: '20' });
    assert.deepEqual([within.width, within.height], [20, 10]);
    const part = await picture({ region: '0.5,0,1,0.5' });
    assert.deepEqual([...part.pixels], [100, 150]);
    assert.equal((await wado({ frameNumber: '1', imageQuality: '50' })).status, 200);
    assert.equal((await wado({ frameNumber: '2' })).status, 404);
  });

  test('§9.1.2.2.11 an image as a presentation state shows it', async () => {
    const shown = await picture({ presentationUID: state, presentationSeriesUID: states });
    assert.deepEqual([shown.width, shown.height], [2, 2]);
    assert.deepEqual([...shown.pixels], [225, 5, 155, 205]);
    const asTarget = await fetch(
      `${server.dicomwebUrl}/studies/${study}/series/${states}/instances/${state}/rendered`,
      { headers: { accept: 'image/png' } },
    );
    const target = await decodePicture(new Uint8Array(await asTarget.arrayBuffer()));
    assert.deepEqual(target.pixels, shown.pixels);
    const other = await wado({ presentationUID: image, presentationSeriesUID: series });
    assert.equal(other.status, 404);
  });

  test('what is missing, wrong or not offered is refused with the reason', async () => {
    const refused: readonly (readonly [Record<string, string>, number, RegExp])[] = [
      [{ requestType: 'GET' }, 400, /requestType/],
      [{ studyUID: '' }, 400, /studyUID/],
      [{ objectUID: 'a' }, 400, /objectUID/],
      [{ objectUID: '1.2.3.4' }, 404, /no such/],
      [{ anonymize: 'yes' }, 406, /anonymized/],
      [{ frameNumber: '0' }, 400, /frameNumber/],
      [{ rows: 'x' }, 400, /rows/],
      [{ region: '0,0,2,1' }, 400, /region/],
      [{ region: '0.5,0,0.5,1' }, 400, /region/],
      [{ windowCenter: '1' }, 400, /window/],
      [{ imageQuality: '0' }, 400, /quality/],
      [{ presentationUID: state }, 400, /presentationSeriesUID/],
      [
        { contentType: 'application/dicom', transferSyntax: '1.2.840.10008.1.2.4.102' },
        406,
        /transfer syntax/,
      ],
    ];
    for (const [parameters, status, reason] of refused) {
      const response = await wado(parameters);
      assert.equal(response.status, status, JSON.stringify(parameters));
      assert.match(await response.text(), reason);
    }
    const bare = await fetch(`${server.httpUrl}/wado`);
    assert.equal(bare.status, 400);
  });
});
