import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { decodePicture, type DecodedPicture } from '#test/helpers/decode-picture.js';
import { buildPart10, grayImage, type Elements } from '#test/helpers/dicom-builder.js';
import { splitParts, stow } from '#test/helpers/dicomweb-client.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const study = '1.2.826.0.1.88.1';
const ctSeries = '1.2.826.0.1.88.2';
const cineSeries = '1.2.826.0.1.88.3';
const documents = '1.2.826.0.1.88.4';
const rawSeries = '1.2.826.0.1.88.5';

const elements = (series: string, instance: string, more: Elements): Elements => ({
  SOPClassUID: '1.2.840.10008.5.1.4.1.1.2',
  SOPInstanceUID: instance,
  StudyInstanceUID: study,
  SeriesInstanceUID: series,
  PatientName: 'Doe^Jane',
  PatientID: 'P1',
  ...more,
});

const rows = 4;
const columns = 8;

/** A ramp from 0 to 31, in 12 bits, times `factor`. */
function ctImage(instance: string, number: number, more: Elements = {}): Uint8Array {
  const pixels = Buffer.alloc(rows * columns * 2);
  for (let n = 0; n < rows * columns; n++) pixels.writeUInt16LE(n * 100, n * 2);
  const image = { ...grayImage(rows, columns, 16), BitsStored: 12, HighBit: 11 };
  return buildPart10({
    elements: elements(ctSeries, instance, {
      ...image,
      Modality: 'CT',
      SeriesNumber: 1,
      InstanceNumber: number,
      WindowCenter: '1600.5',
      WindowWidth: 3201,
      ...more,
    }),
    pixelData: pixels,
  });
}

const cineInstance = `${cineSeries}.1`;
const cine = buildPart10({
  elements: elements(cineSeries, cineInstance, {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.3.1',
    ...grayImage(rows, columns, 8),
    Modality: 'US',
    SeriesNumber: 2,
    NumberOfFrames: 3,
    FrameTime: 50,
  }),
  pixelData: Buffer.concat([10, 100, 250].map((grey) => Buffer.alloc(rows * columns, grey))),
});

const reportInstance = `${documents}.1`;
const report = buildPart10({
  elements: elements(documents, reportInstance, {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.88.11',
    Modality: 'SR',
    SeriesNumber: 3,
    PatientName: 'Doe^<script>alert(1)</script>',
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [{ CodeValue: '1', CodeMeaning: 'Radiology <Report>' }],
    ContentSequence: [
      {
        ValueType: 'TEXT',
        ConceptNameCodeSequence: [{ CodeValue: '2', CodeMeaning: 'Finding' }],
        TextValue: 'Nodule & "mass" <img src=x onerror=alert(1)>',
      },
      {
        ValueType: 'NUM',
        ConceptNameCodeSequence: [{ CodeValue: '3', CodeMeaning: 'Length' }],
        MeasuredValueSequence: [
          { NumericValue: '12.5', MeasurementUnitsCodeSequence: [{ CodeValue: 'mm' }] },
        ],
      },
    ],
  }),
});

const pdfInstance = `${documents}.2`;
const pdfBytes = Buffer.from('%PDF-1.4 no more than a beginning');
const pdf = buildPart10({
  elements: elements(documents, pdfInstance, {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.104.1',
    Modality: 'SR',
    MIMETypeOfEncapsulatedDocument: 'text/html',
    EncapsulatedDocument: Buffer.concat([pdfBytes, Buffer.alloc(pdfBytes.length % 2)]),
  }),
});

const rawInstance = `${documents}.3`;
const raw = buildPart10({
  elements: elements(documents, rawInstance, { SOPClassUID: '1.2.840.10008.5.1.4.1.1.66' }),
});
/** As MR systems send it: raw data in a series of its own, before the images. */
const rawOfSystem = buildPart10({
  elements: elements(rawSeries, `${rawSeries}.1`, {
    SOPClassUID: '1.2.840.10008.5.1.4.1.1.66',
    Modality: 'CT',
    SeriesNumber: 0,
  }),
});

let server: TestServer;
const base = (): string => `${server.dicomwebUrl}/studies/${study}`;
const ct = (): string => `${base()}/series/${ctSeries}/instances/${ctSeries}.1`;
const cineUrl = (): string => `${base()}/series/${cineSeries}/instances/${cineInstance}`;
const documentUrl = (instance: string): string =>
  `${base()}/series/${documents}/instances/${instance}`;

const get = (url: string, accept?: string, method = 'GET'): Promise<Response> =>
  fetch(url, { method, headers: accept === undefined ? {} : { accept } });

async function picture(url: string, accept = 'image/png'): Promise<DecodedPicture> {
  const response = await get(url, accept);
  const body = new Uint8Array(await response.arrayBuffer());
  assert.equal(response.status, 200, Buffer.from(body).toString());
  assert.equal(response.headers.get('content-type'), accept);
  return decodePicture(body);
}

/** What the window of the CT image makes of the ramp. */
const ramp = Array.from({ length: rows * columns }, (_, n) =>
  Math.floor(Math.min(1, (n * 100) / 3200) * 255 + 1e-6),
);

before(async () => {
  server = await startServer({ dataDir: temporaryDirectory() });
  const files = [ctImage(`${ctSeries}.1`, 1), cine, report, pdf, raw, rawOfSystem];
  files.push(ctImage(`${ctSeries}.2`, 2, { WindowCenter: 0, WindowWidth: 1 }));
  files.push(ctImage(`${ctSeries}.3`, 3));
  assert.equal((await stow(server.dicomwebUrl, files)).status, 200);
});
after(() => server.stop());

describe('PS3.18 §10.4.1.1.3 retrieve rendered', () => {
  test('an instance as PNG holds the pixels that its window makes', async () => {
    const { pixels, width, height, channels } = await picture(`${ct()}/rendered`);
    assert.deepEqual([width, height, channels], [columns, rows, 1]);
    assert.deepEqual([...pixels], ramp);
  });

  test('§8.7.4 JPEG is the default, WebP and GIF come when they are asked for', async () => {
    for (const accept of [undefined, '*/*', 'image/*', 'image/jpeg']) {
      const response = await get(`${ct()}/rendered`, accept);
      assert.equal(response.headers.get('content-type'), 'image/jpeg', accept);
      const body = Buffer.from(await response.arrayBuffer());
      assert.deepEqual([...body.subarray(0, 3)], [0xff, 0xd8, 0xff]);
    }
    await picture(`${ct()}/rendered`, 'image/webp');
    await picture(`${ct()}/rendered`, 'image/gif');
    const byQuery = await get(`${ct()}/rendered?accept=image/png`, 'image/jpeg');
    assert.equal(byQuery.headers.get('content-type'), 'image/png');
    assert.equal((await get(`${ct()}/rendered`, 'image/tiff')).status, 406);
    assert.equal((await get(`${ct()}/rendered`, 'application/dicom')).status, 406);
  });

  test('§8.3.5.1.4 window', async () => {
    const linear = await picture(`${ct()}/rendered?window=1000,201`);
    assert.deepEqual([linear.pixels[8], linear.pixels[9], linear.pixels[10]], [0, 0, 128]);
    assert.equal(linear.pixels[12], 255);
    const exact = await picture(`${ct()}/rendered?window=1000,400,linear-exact`);
    assert.deepEqual([exact.pixels[8], exact.pixels[10], exact.pixels[12]], [0, 127, 255]);
    const sigmoid = await picture(`${ct()}/rendered?window=1000,400,sigmoid`);
    assert.deepEqual([sigmoid.pixels[8], sigmoid.pixels[10], sigmoid.pixels[12]], [30, 127, 224]);
    for (const bad of ['1', '1,0', '1,0.5', 'a,b', '1,2,cubic', '1,2,linear,3', '1,-5,sigmoid']) {
      assert.equal((await get(`${ct()}/rendered?window=${bad}`)).status, 400, bad);
    }
  });

  test('§8.3.5.1.3 viewport scales, cuts and flips', async () => {
    const scaled = await picture(`${ct()}/rendered?viewport=100,100`);
    assert.deepEqual([scaled.width, scaled.height], [100, 50]);
    const cut = await picture(`${ct()}/rendered?viewport=4,2,2,1,4,2`);
    assert.deepEqual([cut.width, cut.height], [4, 2]);
    const expected = [10, 11, 12, 13, 18, 19, 20, 21].map((n) => ramp[n]);
    assert.deepEqual([...cut.pixels], expected);
    const flipped = await picture(`${ct()}/rendered?viewport=4,2,2,1,-4,2`);
    assert.deepEqual(
      [...flipped.pixels],
      [13, 12, 11, 10, 21, 20, 19, 18].map((n) => ramp[n]),
    );
    const upsideDown = await picture(`${ct()}/rendered?viewport=8,4,,,,-4`);
    assert.equal(upsideDown.pixels[0], ramp[24]);
    for (const bad of ['0,1', '10', '-1,5', 'a,b', '9,9,1', '9,9,0,0,0,5', '9,9,90,0,1,1']) {
      assert.equal((await get(`${ct()}/rendered?viewport=${bad}`)).status, 400, bad);
    }
    assert.equal((await get(`${ct()}/rendered?viewport=20000,20000`)).status, 400);
  });

  test('§8.3.5.1.2 quality, §8.3.5.1.1 annotation, §8.3.5.1.5 iccprofile', async () => {
    const lengthOf = async (query: string): Promise<number> =>
      (await (await get(`${ct()}/rendered?viewport=256,256&${query}`)).arrayBuffer()).byteLength;
    assert.ok((await lengthOf('quality=10')) < (await lengthOf('quality=100')));
    for (const bad of ['quality=0', 'quality=101', 'quality=x', 'iccprofile=none']) {
      assert.equal((await get(`${ct()}/rendered?${bad}`)).status, 400, bad);
    }
    const plain = await picture(`${ct()}/rendered?viewport=256,256`);
    const annotated = await picture(
      `${ct()}/rendered?viewport=256,256&annotation=patient,technique`,
    );
    assert.deepEqual([annotated.width, annotated.height], [plain.width, plain.height]);
    assert.notDeepEqual(annotated.pixels, plain.pixels);
  });

  test('§10.4.1.1.3 frames: one, several, and none such', async () => {
    const second = await picture(`${cineUrl()}/frames/2/rendered`);
    assert.deepEqual([...second.pixels.subarray(0, 2)], [100, 100]);
    const multipart = await get(`${cineUrl()}/frames/3,1/rendered`, 'image/png');
    const type = multipart.headers.get('content-type') ?? '';
    assert.match(type, /^multipart\/related; *type="image\/png"/);
    const parts = splitParts(Buffer.from(await multipart.arrayBuffer()), type);
    const greys = await Promise.all(
      parts.map(async ({ body }) => (await decodePicture(body)).pixels[0]),
    );
    assert.deepEqual(greys, [250, 10]);
    assert.equal((await get(`${cineUrl()}/frames/4/rendered`)).status, 404);
    assert.equal((await get(`${cineUrl()}/frames/0/rendered`)).status, 400);
    assert.equal((await get(`${cineUrl()}/frames/-1/rendered`)).status, 400);
  });

  test('§8.7.4 a multi-frame instance as GIF or WebP is an animation', async () => {
    for (const [type, start] of [
      ['image/gif', 'GIF89a'],
      ['image/webp', 'RIFF'],
    ] as const) {
      const response = await get(`${cineUrl()}/rendered`, type);
      const body = Buffer.from(await response.arrayBuffer());
      assert.equal(response.status, 200);
      assert.equal(body.toString('latin1', 0, start.length), start);
      const marker = type === 'image/gif' ? 'NETSCAPE2.0' : 'ANIM';
      assert.ok(body.includes(marker), type);
    }
    const still = await picture(`${cineUrl()}/rendered`);
    assert.equal(still.pixels[0], 10);
  });

  test('series and study are rendered as the instance that stands for them', async () => {
    // The second of three, whose window makes everything white but the first pixel.
    const series = await picture(`${base()}/series/${ctSeries}/rendered`);
    assert.deepEqual([series.pixels[1], series.pixels[31]], [255, 255]);
    const ofStudy = await picture(`${base()}/rendered`);
    assert.deepEqual(ofStudy.pixels, series.pixels, 'the series before it has no images');
    assert.equal((await get(`${base()}/series/${rawSeries}/rendered`)).status, 406);
    assert.equal((await get(`${server.dicomwebUrl}/studies/1.2.3.4/rendered`)).status, 404);
  });

  test('HEAD, entity tags and caching', async () => {
    const url = `${ct()}/rendered?window=100,200`;
    const response = await get(url);
    const length = (await response.arrayBuffer()).byteLength;
    const head = await get(url, undefined, 'HEAD');
    assert.equal(head.headers.get('content-length'), String(length));
    const etag = response.headers.get('etag') ?? '';
    assert.match(etag, /^"[\w-]+"$/);
    assert.match(response.headers.get('cache-control') ?? '', /^private/);
    const again = await fetch(url, { headers: { 'if-none-match': etag } });
    assert.equal(again.status, 304);
    for (const name of ['etag', 'vary', 'cache-control']) {
      assert.equal(again.headers.get(name), response.headers.get(name), name);
    }
    const other = await get(`${ct()}/rendered?window=100,201`);
    await other.arrayBuffer();
    assert.notEqual(other.headers.get('etag'), etag);
  });

  test('a structured report is a page in which everything is escaped', async () => {
    const response = await get(`${documentUrl(reportInstance)}/rendered`, 'text/html,*/*;q=0.8');
    const page = await response.text();
    assert.equal(response.status, 200, page);
    assert.equal(response.headers.get('content-type'), 'text/html; charset=utf-8');
    assert.match(response.headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.ok(page.includes('Radiology &#60;Report&#62;') && page.includes('12.5 mm'));
    assert.ok(page.includes('Nodule &#38; &#34;mass&#34; &#60;img src=x onerror=alert(1)&#62;'));
    assert.ok(!page.includes('<script') && !page.includes('<img'));
  });

  test('an encapsulated PDF is sent as it is, under the type of its SOP class', async () => {
    const response = await get(`${documentUrl(pdfInstance)}/rendered`);
    assert.equal(response.headers.get('content-type'), 'application/pdf');
    const body = Buffer.from(await response.arrayBuffer());
    assert.deepEqual(body.subarray(0, pdfBytes.length), pdfBytes);
    assert.equal((await get(`${documentUrl(pdfInstance)}/rendered`, 'image/jpeg')).status, 406);
  });

  test('what cannot be rendered is 406 with the reason', async () => {
    const response = await get(`${documentUrl(rawInstance)}/rendered`);
    assert.equal(response.status, 406);
    assert.match(await response.text(), /no pixel data/);
  });
});

describe('PS3.18 §10.4.1.1.4 retrieve thumbnail, as viewers ask for it', () => {
  test('Weasis: of a series, with a viewport whose comma is encoded', async () => {
    const url = `${base()}/series/${ctSeries}/thumbnail?viewport=256%2C256`;
    const { width, height } = await picture(url, 'image/jpeg');
    assert.deepEqual([width, height], [256, 128]);
  });

  test('Weasis, where there are no thumbnails: an instance rendered into a viewport', async () => {
    const { width } = await picture(`${ct()}/rendered?viewport=128%2C128`, 'image/jpeg');
    assert.equal(width, 128);
  });

  test('OHIF: of an instance, accept in the query string', async () => {
    const response = await get(`${ct()}/thumbnail?accept=image/jpeg`, '*/*');
    assert.equal(response.headers.get('content-type'), 'image/jpeg');
    const { width, height } = await decodePicture(new Uint8Array(await response.arrayBuffer()));
    assert.deepEqual([width, height], [columns, rows]);
  });

  test('study and frame have thumbnails too', async () => {
    await picture(`${base()}/thumbnail`, 'image/jpeg');
    await picture(`${cineUrl()}/frames/2/thumbnail`, 'image/png');
  });
});

describe('Azure dialect of rendered', () => {
  const azure = (url: string): string => url.replace('/dicom-web/', '/v2/');

  test('one of JPEG and PNG; several entries are 406; no Accept is JPEG', async () => {
    const url = azure(`${ct()}/rendered`);
    assert.equal((await get(url)).headers.get('content-type'), 'image/jpeg');
    assert.equal((await get(url, 'image/png')).headers.get('content-type'), 'image/png');
    assert.equal((await get(url, 'image/png, image/jpeg')).status, 406);
    assert.equal((await get(url, 'image/webp')).status, 406);
  });

  test('quality changes the size and is checked, other parameters are ignored', async () => {
    const url = azure(`${ct()}/frames/1/rendered`);
    const lengthOf = async (query: string): Promise<number> =>
      (await (await get(`${url}?${query}`)).arrayBuffer()).byteLength;
    assert.ok((await lengthOf('quality=1')) < (await lengthOf('quality=100')));
    assert.equal(await lengthOf('window=nonsense'), await lengthOf('quality=100'));
    assert.equal((await get(`${url}?quality=0`)).status, 400);
    assert.equal((await get(azure(`${ct()}/frames/2/rendered`))).status, 404);
    assert.equal((await get(azure(`${ct()}/frames/0/rendered`))).status, 400);
  });

  test('an instance without pixel data is 404', async () => {
    assert.equal((await get(azure(`${documentUrl(rawInstance)}/rendered`))).status, 404);
  });
});
