import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { limits } from '#engine/base/limits.js';
import { sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import {
  acceptStoredFrames,
  acceptStoredInstances,
  retrieve,
  type JsonDataSet,
} from '#test/helpers/dicomweb-client.js';
import { buildJpeg, buildJpeg2000, buildJp2, buildMp4 } from '#test/helpers/media-builder.js';
import { startTestServer, type OwnedServer } from '#test/helpers/server.js';
import {
  commentsOf,
  failedSopSequence,
  failureReasonTag,
  itemsOf,
  referencedSopSequence,
  sendStore,
  warningReasonTag,
  type StoreAnswer,
} from '#test/helpers/stow-client.js';

interface Part {
  readonly type: string;
  readonly location?: string;
  readonly body: Uint8Array | string;
}

function bodyOf(parts: readonly Part[]): Buffer {
  const pieces = parts.flatMap(({ type, location, body }) => [
    Buffer.from(`\r\n--b\r\nContent-Type: ${type}\r\n`),
    Buffer.from(location === undefined ? '\r\n' : `Content-Location: ${location}\r\n\r\n`),
    Buffer.from(body),
  ]);
  return Buffer.concat([...pieces, Buffer.from('\r\n--b--')]);
}

type JsonElements = Readonly<Record<string, object>>;

const ui = (value: string): object => ({ vr: 'UI', Value: [value] });
const us = (value: number): object => ({ vr: 'US', Value: [value] });

interface Sent {
  readonly study: string;
  readonly dataSet: JsonElements;
}

/** Metadata of a new instance; without SOP class where `more` says so. */
function metadata(more: JsonElements, sopClass?: string): Sent {
  const uids = sampleIdentifiers();
  const dataSet = {
    ...(sopClass === undefined ? {} : { '00080016': ui(sopClass) }),
    '00080018': ui(uids.SOPInstanceUID),
    '00100010': { vr: 'PN', Value: [{ Alphabetic: 'Müller^Jörg', Ideographic: '山田^太郎' }] },
    '00100020': { vr: 'LO', Value: ['P-META'] },
    '0020000D': ui(uids.StudyInstanceUID),
    '0020000E': ui(uids.SeriesInstanceUID),
    ...more,
  };
  return { study: uids.StudyInstanceUID, dataSet };
}

const ctClass = '1.2.840.10008.5.1.4.1.1.2';
const nativeImage = {
  '00280002': us(1),
  '00280004': { vr: 'CS', Value: ['MONOCHROME2'] },
  '00280010': us(2),
  '00280011': us(3),
  '00280100': us(8),
  '00280101': us(8),
  '00280102': us(7),
  '00280103': us(0),
};
const pixels = (uri: string, vr = 'OB'): JsonElements => ({ '7FE00010': { vr, BulkDataURI: uri } });

describe('PS3.18 §10.5.1.2 Store of metadata and bulk data', () => {
  let server: OwnedServer;
  let studies: string;
  before(async () => {
    server = await startTestServer();
    studies = `${server.dicomwebUrl}/studies`;
  });
  after(() => server.remove());

  const store = (parts: readonly Part[], type = 'application/dicom+json'): Promise<StoreAnswer> =>
    sendStore(studies, {
      body: bodyOf(parts),
      contentType: `multipart/related; type="${type}"; boundary=b`,
    });
  const json = (...dataSets: readonly JsonElements[]): Part => ({
    type: 'application/dicom+json',
    body: JSON.stringify(dataSets),
  });
  const metadataOf = async (study: string): Promise<JsonDataSet> => {
    const response = await fetch(`${studies}/${study}/metadata`);
    return ((await response.json()) as JsonDataSet[])[0]!;
  };
  const framesOf = async (study: string, frames: string): Promise<Buffer[]> => {
    const one = await metadataOf(study);
    const value = (tag: string): string => String(one[tag]!.Value![0]);
    const path = `series/${value('0020000E')}/instances/${value('00080018')}/frames/${frames}`;
    const parts = await retrieve(
      server.dicomwebUrl,
      `studies/${study}/${path}`,
      acceptStoredFrames,
    );
    return parts.map(({ body }) => body);
  };
  const transferSyntaxOf = async (study: string): Promise<string> => {
    const [part] = await retrieve(server.dicomwebUrl, `studies/${study}`, acceptStoredInstances);
    return /transfer-syntax=([\d.]+)/.exec(part!.headers['content-type']!)![1]!;
  };

  test('metadata that is long is composed in another thread, with bulk data from memory and from a file', async () => {
    const items = Array.from({ length: 2000 }, (_, n) => ({
      '00080100': { vr: 'SH', Value: [`C${n}`] },
    }));
    for (const bytes of [600, 600_000]) {
      const sent = metadata(
        { '00081032': { vr: 'SQ', Value: items }, '00420011': { vr: 'OB', BulkDataURI: 'doc' } },
        ctClass,
      );
      const document = Buffer.alloc(bytes, 'document');
      const answer = await store([
        json(sent.dataSet, { '00080018': ui('1.2.3') }),
        { type: 'application/octet-stream', location: 'doc', body: document },
      ]);
      assert.equal(answer.status, 202);
      assert.equal(itemsOf(answer.dataSet, failedSopSequence).length, 1);
      const [part] = await retrieve(
        server.dicomwebUrl,
        `studies/${sent.study}`,
        acceptStoredInstances,
      );
      assert.ok(part!.body.includes(document));
      assert.ok(part!.body.includes('C1999'));
    }
  });

  test('metadata beyond the limit is 413', async () => {
    const text = JSON.stringify([metadata({}, ctClass).dataSet]).padEnd(
      limits.storeMetadataBytesMax + 1,
    );
    const answer = await store([{ type: 'application/dicom+json', body: text }]);
    assert.equal(answer.status, 413);
  });

  test('JSON with native pixel data: values, nested bulk data and pixels come back', async () => {
    const sent = metadata(
      {
        ...nativeImage,
        '00081030': { vr: 'LO', Value: ['one', 'two'] },
        '00180050': { vr: 'DS', Value: [1.5] },
        '00400275': { vr: 'SQ', Value: [{ '00400009': { vr: 'SH', Value: ['S1'] } }] },
        '00480105': { vr: 'SQ', Value: [{ '00282000': { vr: 'OB', BulkDataURI: 'icc' } }] },
        '00091001': { vr: 'UN', InlineBinary: Buffer.from('abcd').toString('base64') },
        ...pixels('../bulk/pixels'),
      },
      ctClass,
    );
    const profile = Buffer.alloc(3000, 7);
    const answer = await store([
      json(sent.dataSet),
      { type: 'application/octet-stream', location: 'icc', body: profile },
      // Relative to the resource, as the URI is; five bytes more than pad to an even length.
      {
        type: 'application/octet-stream',
        location: '../bulk/pixels',
        body: Buffer.from([1, 2, 3, 4, 5, 6]),
      },
    ]);
    assert.equal(answer.status, 200, answer.text);
    const one = await metadataOf(sent.study);
    for (const tag of ['00100010', '00081030', '00180050', '00400275', '00091001']) {
      assert.deepEqual(one[tag], sent.dataSet[tag], tag);
    }
    assert.deepEqual(await framesOf(sent.study, '1'), [Buffer.from([1, 2, 3, 4, 5, 6])]);
    const uri = itemsOf(one, '00480105')[0]!['00282000']!.BulkDataURI!;
    const bulk = await fetch(uri, { headers: { accept: 'application/octet-stream' } });
    assert.deepEqual(Buffer.from(await bulk.arrayBuffer()), profile);
  });

  test('several data sets of one metadata part, each with its outcome', async () => {
    const good = metadata(nativeImage, ctClass);
    const bad = metadata(pixels('nowhere'), ctClass);
    const { '00080018': _, ...nameless } = metadata({}, ctClass).dataSet;
    const answer = await store([json(good.dataSet, bad.dataSet, nameless)]);
    assert.equal(answer.status, 202);
    assert.equal(itemsOf(answer.dataSet, referencedSopSequence).length, 1);
    const failed = itemsOf(answer.dataSet, failedSopSequence);
    assert.deepEqual(
      failed.map((item) => item[failureReasonTag]!.Value![0]),
      [0xa922, 0xa900],
    );
    assert.deepEqual(failed[0]!['00081155'], bad.dataSet['00080018']);
    assert.match(commentsOf(failed[0]!)[0]!, /^part 1: bulk data/);
  });

  test('XML: the Native DICOM Model with a bulk data part', async () => {
    const { study, dataSet } = metadata({}, ctClass);
    const text = (tag: string): string => (dataSet[tag] as { Value: string[] }).Value[0]!;
    const attribute = (tag: string, vr: string, content: string): string =>
      `<DicomAttribute tag="${tag}" vr="${vr}">${content}</DicomAttribute>`;
    const value = (tag: string, vr: string, content: string | number): string =>
      attribute(tag, vr, `<Value number="1">${content}</Value>`);
    const image = Object.entries(nativeImage).map(([tag, element]) => {
      const { vr, Value: values } = element as { vr: string; Value: (string | number)[] };
      return value(tag, vr, values[0]!);
    });
    const xml =
      '<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xml:space="preserve">' +
      ['00080016', '00080018', '0020000D', '0020000E']
        .map((tag) => value(tag, 'UI', text(tag)))
        .join('\n') +
      attribute(
        '00100010',
        'PN',
        '<PersonName number="1"><Alphabetic><FamilyName>A&amp;B</FamilyName>' +
          '<GivenName>C</GivenName></Alphabetic></PersonName>',
      ) +
      attribute('00400275', 'SQ', `<Item number="1">${value('00400009', 'SH', 'S1')}</Item>`) +
      image.join('') +
      attribute('7FE00010', 'OB', '<BulkData uri="px"/>') +
      '</NativeDicomModel>';
    const answer = await store(
      [
        { type: 'application/dicom+xml', body: xml },
        { type: 'application/octet-stream', location: 'px', body: Buffer.from([9, 8, 7, 6, 5, 4]) },
      ],
      'application/dicom+xml',
    );
    assert.equal(answer.status, 200, answer.text);
    const one = await metadataOf(study);
    assert.deepEqual(one['00100010']!.Value, [{ Alphabetic: 'A&B^C' }]);
    assert.deepEqual(itemsOf(one, '00400275')[0]!['00400009']!.Value, ['S1']);
    assert.deepEqual(await framesOf(study, '1'), [Buffer.from([9, 8, 7, 6, 5, 4])]);
  });

  test('XML that declares a document type is refused, whatever it declares', async () => {
    const xml = '<!DOCTYPE a [<!ENTITY b "c">]><NativeDicomModel/>';
    const answer = await store(
      [{ type: 'application/dicom+xml', body: xml }],
      'application/dicom+xml',
    );
    assert.equal(answer.status, 400);
    assert.match(commentsOf(itemsOf(answer.dataSet, failedSopSequence)[0]!)[0]!, /document type/);
  });

  test('§10.5.2 a JPEG image becomes encapsulated pixel data that is described by its header', async () => {
    const jpeg = buildJpeg({ rows: 48, columns: 64, components: 3 });
    const sent = metadata({ ...pixels('image'), '00280010': us(10) });
    const answer = await store([
      json(sent.dataSet),
      { type: 'image/jpeg', location: 'image', body: jpeg },
    ]);
    assert.equal(answer.status, 202, answer.text);
    // Rows was wrong: what it was is in the response (PS3.18 §10.5.3.2).
    const [item] = itemsOf(answer.dataSet, referencedSopSequence);
    assert.deepEqual(item![warningReasonTag]!.Value, [0xb000]);
    const [original] = itemsOf(item!, '04000561');
    assert.deepEqual(itemsOf(original!, '04000550')[0], { '00280010': us(10) });
    const one = await metadataOf(sent.study);
    const value = (tag: string): unknown => one[tag]?.Value?.[0];
    assert.equal(value('00080016'), '1.2.840.10008.5.1.4.1.1.7');
    assert.equal(value('00280010'), 48);
    assert.equal(value('00280011'), 64);
    assert.equal(value('00280002'), 3);
    assert.equal(value('00280004'), 'YBR_FULL_422');
    assert.equal(value('00282110'), '01');
    assert.equal(await transferSyntaxOf(sent.study), '1.2.840.10008.1.2.4.50');
    const padded = Buffer.concat([jpeg, Buffer.alloc(jpeg.length % 2)]);
    assert.deepEqual(await framesOf(sent.study, '1'), [padded]);
  });

  test('§10.5.2 images of one location are the frames of a multi-frame instance', async () => {
    const frames = [1, 2, 3].map((seed) => buildJpeg({ rows: 8, columns: 8, components: 1, seed }));
    const sent = metadata(pixels('f'), '1.2.840.10008.5.1.4.1.1.7.2');
    const parts = frames.map((body) => ({ type: 'image/jpeg', location: 'f', body }));
    assert.equal((await store([json(sent.dataSet), ...parts])).status, 200);
    const one = await metadataOf(sent.study);
    assert.equal(one['00280008']!.Value![0], 3);
    assert.equal((await framesOf(sent.study, '1,2,3')).length, 3);
  });

  test('§10.5.2 JPEG 2000: the codestream, without the JP2 file around it', async () => {
    const codestream = buildJpeg2000({ rows: 16, columns: 24, components: 3, isReversible: true });
    for (const [type, body] of [
      ['image/jp2', buildJp2(codestream)],
      ['image/j2c', codestream],
    ] as const) {
      const sent = metadata(pixels('image'));
      const answer = await store([json(sent.dataSet), { type, location: 'image', body }]);
      assert.equal(answer.status, 200, answer.text);
      const one = await metadataOf(sent.study);
      assert.equal(one['00280004']!.Value![0], 'YBR_RCT');
      assert.equal(await transferSyntaxOf(sent.study), '1.2.840.10008.1.2.4.90');
      const padded = Buffer.concat([codestream, Buffer.alloc(codestream.length % 2)]);
      assert.deepEqual(await framesOf(sent.study, '1'), [padded]);
    }
  });

  test('§10.5.2 an MP4 file becomes a video', async () => {
    const mp4 = buildMp4({ rows: 720, columns: 1280, frames: 50, durationMs: 2000 });
    const sent = metadata(pixels('video'));
    const answer = await store([
      json(sent.dataSet),
      { type: 'video/mp4', location: 'video', body: mp4 },
    ]);
    assert.equal(answer.status, 200, answer.text);
    const one = await metadataOf(sent.study);
    const value = (tag: string): unknown => one[tag]?.Value?.[0];
    assert.equal(value('00080016'), '1.2.840.10008.5.1.4.1.1.77.1.4.1');
    assert.equal(value('00280008'), 50);
    assert.equal(value('00280011'), 1280);
    assert.equal(value('00181063'), 40);
    assert.equal(await transferSyntaxOf(sent.study), '1.2.840.10008.1.2.4.102');
    // As OHIF asks for it: a player of the browser is given the URL.
    const uri = one['7FE00010']!.BulkDataURI!;
    const instance = uri.slice(0, uri.indexOf('/bulkdata/'));
    const urls = [`${uri}?accept=video/mp4`, `${instance}/pixeldata?accept=video/mp4`];
    for (const url of [...urls, `${instance}/rendered`]) {
      const response = await fetch(url);
      assert.equal(response.status, 200, url);
      assert.match(response.headers.get('content-type') ?? '', /^video\/mp4/);
      const body = Buffer.from(await response.arrayBuffer());
      assert.ok(body.subarray(0, mp4.length).equals(mp4), url);
      assert.equal(response.headers.get('accept-ranges'), 'bytes', url);
    }
  });

  test('§10.5.2 documents and models are encapsulated', async () => {
    const cases = [
      ['application/pdf', '104.1', 'application/pdf', '%PDF-1.7 and so on'],
      ['model/stl', '104.3', 'model/stl', 'solid x'],
      ['model/obj', '104.4', 'model/obj', 'v 1 2 3'],
      ['model/mtl', '104.5', 'model/mtl', 'newmtl'],
      ['text/xml', '104.2', 'text/XML', '<ClinicalDocument/>'],
    ] as const;
    for (const [type, sopClass, mimeType, body] of cases) {
      const sent = metadata({ '00420011': { vr: 'OB', BulkDataURI: 'document' } });
      const answer = await store([json(sent.dataSet), { type, location: 'document', body }]);
      assert.equal(answer.status, 200, answer.text);
      const one = await metadataOf(sent.study);
      assert.equal(one['00080016']!.Value![0], `1.2.840.10008.5.1.4.1.1.${sopClass}`);
      assert.equal(one['00420012']!.Value![0], mimeType);
      assert.equal(one['00420015']!.Value![0], body.length);
    }
  });

  test('bulk data that is not what its type says is 400 and names the part', async () => {
    for (const type of ['image/jpeg', 'image/jp2', 'video/mp4']) {
      const sent = metadata(pixels('image'));
      const body = Buffer.from('neither image nor video, whatever they say');
      const answer = await store([json(sent.dataSet), { type, location: 'image', body }]);
      assert.equal(answer.status, 400, type);
    }
  });

  test('metadata that is none is refused, and nothing of a body cut off is stored', async () => {
    for (const body of [
      '[{',
      '"text"',
      '[{"0010":{}}]',
      '[{"00100010":{"vr":"US","Value":["x"]}}]',
    ]) {
      assert.equal((await store([{ type: 'application/dicom+json', body }])).status, 400, body);
    }
    const sent = metadata(nativeImage, ctClass);
    const whole = bodyOf([json(sent.dataSet)]);
    const answer = await sendStore(studies, {
      body: whole.subarray(0, whole.length - 3),
      contentType: 'multipart/related; type="application/dicom+json"; boundary=b',
    });
    assert.equal(answer.status, 400);
    assert.equal((await fetch(`${studies}/${sent.study}/metadata`)).status, 404);
  });

  test('bulk data of tens of megabytes flows to disk and back', async () => {
    const big = Buffer.alloc(24 * 1024 * 1024, 'bulk data');
    const image = { ...nativeImage, '00280010': us(4096), '00280011': us(6144) };
    const sent = metadata({ ...image, ...pixels('big') }, ctClass);
    const answer = await store([
      { type: 'application/octet-stream', location: 'big', body: big },
      json(sent.dataSet),
    ]);
    assert.equal(answer.status, 200, answer.text);
    assert.ok((await framesOf(sent.study, '1'))[0]!.equals(big));
  });
});
