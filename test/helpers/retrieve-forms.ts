import assert from 'node:assert/strict';
import { Agent } from 'node:http';
import type { JsonPersonName } from '#engine/dicom/json-model/json-model-types.js';
import { readCorpusFile, type CorpusFile } from './corpus.js';
import { decodePicture } from './decode-picture.js';
import {
  acceptStoredFrames,
  acceptStoredInstances,
  splitParts,
  type JsonDataSet,
} from './dicomweb-client.js';
import { send } from './http-client.js';
import { readNativeModel } from './native-model-reader.js';
import type { TestServer } from './server.js';

/** What the forms of one instance are compared with later. */
export interface RetrievedForms {
  readonly metadata: JsonDataSet;
  /** Bytes of the bulk values of the data set itself, by tag; compressed pixel data is none. */
  readonly bulkBytes: ReadonlyMap<string, number>;
  /** The instance in Explicit VR Little Endian, unless there is no codec for its pixels. */
  readonly littleEndian?: Buffer;
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

const littleEndian = '1.2.840.10008.1.2.1';

/** Says that it is JPEG and is not. */
const undecodable = new Set(['compressed/fo-dicom__Test_Data__genFile.dcm']);

/** Pixel Data without a value: the manifest counts the frame that the attributes promise. */
const emptyPixelData = new Set(['valid/fo-dicom__Test_Data__GH1146.dcm']);

function frameCountOf(file: CorpusFile): number {
  return file.rows === null || emptyPixelData.has(file.path) ? 0 : file.frames;
}

/** Retrieves a stored file in every form that an instance has, and holds the forms against the file and against each other. */
export async function checkInstanceForms(
  server: TestServer,
  file: CorpusFile,
): Promise<RetrievedForms> {
  const parent = `${server.dicomwebUrl}/studies/${file.studyUID}/series/${file.seriesUID}`;
  const forms = new InstanceForms(`${parent}/instances/${file.sopInstanceUID}`, file);
  await forms.checkStored();
  const metadata = await forms.checkMetadata();
  const bulkBytes = await forms.checkBulkdata(metadata);
  await forms.checkStoredFrames();
  const converted = await forms.checkConverted();
  await forms.checkPictures();
  await checkWadoUri(server, file);
  return { metadata, bulkBytes, ...(converted === undefined ? {} : { littleEndian: converted }) };
}

const agent = new Agent({ keepAlive: true });

async function request(url: string, accept: string): Promise<Answer> {
  const { port, pathname, search } = new URL(url);
  const headers = { accept };
  const answer = await send(Number(port), pathname + search, { headers, agent });
  return { ...answer, type: answer.headers['content-type'] ?? '' };
}

async function requestOk(url: string, accept: string): Promise<Answer> {
  const answer = await request(url, accept);
  const { status, body } = answer;
  assert.equal(status, 200, `${url} as ${accept}: ${body.toString('latin1', 0, 300)}`);
  return answer;
}

async function requestParts(url: string, accept: string): Promise<Buffer[]> {
  const { body, type } = await requestOk(url, accept);
  return splitParts(body, type).map((part) => part.body);
}

/** Files that differ from the one stored before in File Meta Information or padding, which makes no other content. */
const sameContent: Readonly<Record<string, string>> = {
  'valid/fo-dicom__Test_Data__TestPattern_Palette_16.dcm':
    'valid/cornerstone3D__testImages__TestPattern_Palette_16.dcm',
  'compressed/healthcare-dicom-dicomweb-adapter__data__example-redacted-moved-jp2k.dcm':
    'compressed/healthcare-dicom-dicomweb-adapter__data__example-redacted-jp2k.dcm',
};

/** The bytes that are stored of a file, without the preamble, which is not kept. */
function readStored(file: CorpusFile): Buffer {
  const path = sameContent[file.path] ?? file.path;
  return withoutPreamble(readCorpusFile({ ...file, path }));
}

function withoutPreamble(part10: Buffer): Buffer {
  return part10.subarray(128);
}

class InstanceForms {
  readonly #url: string;
  readonly #file: CorpusFile;
  readonly #bytes: Buffer;
  readonly #frameCount: number;

  constructor(url: string, file: CorpusFile) {
    this.#url = url;
    this.#file = file;
    this.#bytes = readStored(file);
    this.#frameCount = frameCountOf(file);
  }

  async checkStored(): Promise<void> {
    const parts = await requestParts(this.#url, acceptStoredInstances);
    const single = await requestOk(this.#url, 'application/dicom; transfer-syntax=*');
    const archive = await requestOk(this.#url, 'application/zip');
    assert.equal(parts.length, 1, this.#file.path);
    assert.ok(withoutPreamble(parts[0]!).equals(this.#bytes), this.#file.path);
    assert.ok(single.body.equals(parts[0]!), this.#file.path);
    assert.ok(archive.body.includes(this.#bytes), this.#file.path);
  }

  async checkMetadata(): Promise<JsonDataSet> {
    const url = `${this.#url}/metadata`;
    const json = await requestOk(url, 'application/dicom+json');
    const [dataSet, ...others] = JSON.parse(json.body.toString()) as JsonDataSet[];
    assert.ok(dataSet !== undefined && others.length === 0, this.#file.path);
    const [xml] = await requestParts(url, 'application/dicom+xml');
    const model = readNativeModel(xml!.toString());
    assert.deepEqual(commonForm(model), commonForm(dataSet), this.#file.path);
    return dataSet;
  }

  async checkBulkdata(metadata: JsonDataSet): Promise<Map<string, number>> {
    const bytes = new Map<string, number>();
    for (const [tag, { BulkDataURI }] of Object.entries(metadata)) {
      if (BulkDataURI === undefined) continue;
      const { type, body } = await requestOk(new URL(BulkDataURI, this.#url).href, '*/*');
      if (!type.startsWith('multipart/')) bytes.set(tag, body.length);
    }
    const hasBulk = JSON.stringify(metadata).includes('"BulkDataURI":');
    const all = await request(`${this.#url}/bulkdata`, '*/*');
    assert.equal(all.status, hasBulk ? 200 : 404, this.#file.path);
    return bytes;
  }

  async checkStoredFrames(): Promise<void> {
    const url = `${this.#url}/frames`;
    const beyond = await request(`${url}/${this.#frameCount + 1}`, acceptStoredFrames);
    assert.equal(beyond.status, 404, this.#file.path);
    if (this.#frameCount === 0) return;
    const frames = await requestParts(url, acceptStoredFrames);
    assert.equal(frames.length, this.#frameCount, this.#file.path);
    const list = [...new Set([this.#frameCount, 1])];
    const listed = await requestParts(`${url}/${list.join(',')}`, acceptStoredFrames);
    assert.deepEqual(
      listed,
      list.map((number) => frames[number - 1]),
      this.#file.path,
    );
    const one = await requestOk(`${url}/1`, 'application/octet-stream; transfer-syntax=*');
    assert.ok(one.body.length > 0 && one.body.equals(frames[0]!), this.#file.path);
    const pixels = await requestOk(`${this.#url}/pixeldata`, '*/*');
    assert.ok(pixels.body.includes(one.body), this.#file.path);
  }

  /** Without a codec 406 everywhere; otherwise the instance, and its frames as they lie in it. */
  async checkConverted(): Promise<Buffer | undefined> {
    const { path, transferSyntax } = this.#file;
    const syntax = `transfer-syntax=${littleEndian}`;
    const instance = await request(this.#url, `application/dicom; ${syntax}`);
    const canDecode = !undecodable.has(path);
    assert.equal(instance.status, canDecode ? 200 : 406, `${path}: ${transferSyntax}`);
    if (this.#frameCount > 0) {
      const frames = await request(
        `${this.#url}/frames`,
        `multipart/related; type="application/octet-stream"; ${syntax}`,
      );
      assert.equal(frames.status, instance.status, path);
      if (canDecode) {
        const all = splitParts(frames.body, frames.type).map(({ body }) => body);
        assert.equal(all.length, this.#frameCount, path);
        assert.ok(instance.body.includes(all[0]!), path);
      }
    }
    return canDecode ? instance.body : undefined;
  }

  async checkPictures(): Promise<void> {
    const isPicture = this.#frameCount > 0 && !undecodable.has(this.#file.path);
    const type = isPicture ? 'image/jpeg' : documentTypeOf(this.#file);
    await checkPictures(this.#url, type, this.#file.path);
  }
}

/** What stands for an instance without pixels: a report, a document, the image that a presentation state refers to. */
function documentTypeOf({ sopClass }: CorpusFile): string | undefined {
  if (sopClass === '1.2.840.10008.5.1.4.1.1.11.1') return 'image/jpeg';
  if (sopClass.startsWith('1.2.840.10008.5.1.4.1.1.88.')) return 'text/html; charset=utf-8';
  return sopClass === '1.2.840.10008.5.1.4.1.1.104.1' ? 'application/pdf' : undefined;
}

/** `type` is that of what is rendered; undefined when nothing can be. */
async function checkPictures(
  url: string,
  type: string | undefined,
  message: string,
): Promise<void> {
  const rendered = await request(`${url}/rendered`, '*/*');
  const thumbnail = await request(`${url}/thumbnail`, 'image/jpeg');
  assert.equal(rendered.status, type === undefined ? 406 : 200, message);
  assert.equal(thumbnail.status, type === 'image/jpeg' ? 200 : 406, message);
  if (type !== undefined) assert.equal(rendered.type, type, message);
  if (type !== 'image/jpeg') return;
  assert.equal(rendered.body.readUInt16BE(0), 0xffd8, message);
  const { width, height } = await decodePicture(thumbnail.body);
  assert.ok(width <= 256 && height <= 256, message);
}

/** VRs of numbers, of which XML keeps the text: `50.000`. */
const numberVrs = new Set(['DS', 'FD', 'FL', 'IS', 'SL', 'SS', 'SV', 'UL', 'US', 'UV']);

/** Values in the form that JSON and XML have in common. */
function commonForm(dataSet: JsonDataSet): unknown {
  const values = (vr: string, Value: readonly unknown[]): unknown[] =>
    Value.map((value) => {
      if (value === null) return null;
      if (vr === 'SQ') return commonForm(value as JsonDataSet);
      if (vr === 'PN') return withoutEmptyComponents(value as JsonPersonName);
      return numberVrs.has(vr) ? Number(value) : value;
    });
  return Object.fromEntries(
    Object.entries(dataSet).map(([tag, { vr, Value = [], InlineBinary, BulkDataURI }]) => [
      tag,
      { vr, InlineBinary, BulkDataURI, values: values(vr, Value) },
    ]),
  );
}

function withoutEmptyComponents(name: JsonPersonName): JsonPersonName {
  const groups = Object.entries(name).map(([group, text]: [string, string]) => [
    group,
    text.replace(/\^+$/, ''),
  ]);
  return Object.fromEntries(groups) as JsonPersonName;
}

async function checkWadoUri(server: TestServer, file: CorpusFile): Promise<void> {
  const query = new URLSearchParams({
    requestType: 'WADO',
    studyUID: file.studyUID,
    seriesUID: file.seriesUID,
    objectUID: file.sopInstanceUID,
    contentType: 'application/dicom',
  });
  const { body } = await requestOk(`${server.httpUrl}/wado?${query.toString()}`, '*/*');
  assert.equal(body.toString('latin1', 128, 132), 'DICM', file.path);
}

/** Retrieves a study, and its series, in every form that they have. */
export async function checkParentForms(
  server: TestServer,
  instances: readonly CorpusFile[],
): Promise<void> {
  const studyUrl = `${server.dicomwebUrl}/studies/${instances[0]!.studyUID}`;
  const seriesUids = new Set(instances.map(({ seriesUID }) => seriesUID));
  await checkParent(studyUrl, instances);
  for (const uid of seriesUids) {
    const ofSeries = instances.filter(({ seriesUID }) => seriesUID === uid);
    await checkParent(`${studyUrl}/series/${uid}`, ofSeries);
  }
}

async function checkParent(url: string, instances: readonly CorpusFile[]): Promise<void> {
  const expected = instances.map((file) => readStored(file));
  const parts = await requestParts(url, acceptStoredInstances);
  assert.equal(parts.length, expected.length, url);
  const archive = await requestOk(url, 'application/zip');
  for (const bytes of expected) {
    assert.ok(
      parts.some((part) => withoutPreamble(part).equals(bytes)),
      url,
    );
    assert.ok(archive.body.includes(bytes), url);
  }
  const json = await requestOk(`${url}/metadata`, 'application/dicom+json');
  assert.equal((JSON.parse(json.body.toString()) as unknown[]).length, expected.length, url);
  const xml = await requestParts(`${url}/metadata`, 'application/dicom+xml');
  assert.equal(xml.length, expected.length, url);
  const pictures = instances.filter((file) => frameCountOf(file) > 0);
  if (pictures.length > 0 && !pictures.some(({ path }) => undecodable.has(path))) {
    await checkPictures(url, 'image/jpeg', url);
  }
}
