import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  corpusFiles,
  corpusMissing,
  corpusPath,
  readCorpusFile,
  type CorpusFile,
} from '#test/helpers/corpus.js';
import { dcmtkMissing, runDcmtk } from '#test/helpers/dcmtk.js';
import { splitParts, stow, type JsonDataSet } from '#test/helpers/dicomweb-client.js';
import { readNativeModel } from '#test/helpers/native-model-reader.js';
import { withServer } from '#test/helpers/server.js';

/** The smallest file of each transfer syntax, and of each instance one only. */
function oneOfEachSyntax(): CorpusFile[] {
  const chosen = new Map<string, CorpusFile>();
  const seen = new Set<string>();
  for (const file of corpusFiles().toSorted((a, b) => a.size - b.size)) {
    const { storable, valid, transferSyntax, sopInstanceUID } = file;
    if (!storable || !valid || transferSyntax === null) continue;
    if (chosen.has(transferSyntax) || seen.has(sopInstanceUID) || file.frames === 0) continue;
    chosen.set(transferSyntax, file);
    seen.add(sopInstanceUID);
  }
  return [...chosen.values()];
}

/** What DCMTK reads of the groups that say whose and which image it is. */
async function dump(path: string): Promise<string[]> {
  const { exitCode, output } = await runDcmtk('dcmdump', ['-q', '+L', '-Un', path]);
  assert.equal(exitCode, 0, output);
  // Sequences may have lengths in one encoding and delimiters in the other; the comment behind a value tells its length.
  return output
    .split('\n')
    .filter((line) => /^\(00(10|20),/.test(line) && !/\(Sequence with|^\(00..,0000/.test(line))
    .map((line) => line.slice(16).replace(/ *#.*$/, ''));
}

const skip = corpusMissing === false ? dcmtkMissing : corpusMissing;

test(
  'real files of every transfer syntax come back in every form, as DCMTK reads them',
  { skip },
  async () => {
    const files = oneOfEachSyntax();
    assert.ok(files.length >= 15, `only ${files.length} transfer syntaxes`);
    const folder = mkdtempSync(join(tmpdir(), 'gantry-retrieve-'));
    try {
      await withServer(async ({ dicomwebUrl }) => {
        for (const file of files) {
          const { dataSet } = await stow(dicomwebUrl, [readCorpusFile(file)]);
          const [item] = (dataSet['00081199']?.Value ?? []) as JsonDataSet[];
          const url = String(item?.['00081190']?.Value?.[0]);
          await checkInstance(url, file, join(folder, 'copy.dcm'));
          await checkMetadata(url, file);
          await checkFrames(url, file);
        }
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

async function fetchBytes(url: string, accept: string): Promise<{ type: string; body: Buffer }> {
  const response = await fetch(url, { headers: { accept } });
  const body = Buffer.from(await response.arrayBuffer());
  assert.equal(response.status, 200, `${url} ${body.toString('latin1', 0, 300)}`);
  return { type: response.headers.get('content-type') ?? '', body };
}

async function checkInstance(url: string, file: CorpusFile, copy: string): Promise<void> {
  const stored = await fetchBytes(url, 'application/dicom; transfer-syntax=*');
  assert.ok(stored.body.subarray(128).equals(readCorpusFile(file).subarray(128)), file.path);
  const standard = await fetchBytes(url, 'application/dicom');
  writeFileSync(copy, standard.body);
  assert.deepEqual(await dump(copy), await dump(corpusPath(file)), file.path);
  const archive = await fetchBytes(url, 'application/zip');
  assert.ok(archive.body.includes(stored.body), file.path);
}

async function checkMetadata(url: string, file: CorpusFile): Promise<void> {
  const json = await fetchBytes(`${url}/metadata`, 'application/dicom+json');
  const [dataSet] = JSON.parse(json.body.toString()) as [JsonDataSet];
  const xml = await fetchBytes(`${url}/metadata`, 'application/dicom+xml');
  const [part] = splitParts(xml.body, xml.type);
  const model = readNativeModel(part!.body.toString());
  assert.deepEqual(Object.keys(model), Object.keys(dataSet), file.path);
  for (const [tag, { Value, vr }] of Object.entries(dataSet)) {
    assert.equal(model[tag]?.Value?.length, Value?.length, `${file.path} ${tag} ${vr}`);
  }
}

async function checkFrames(url: string, file: CorpusFile): Promise<void> {
  const all = await fetchBytes(
    `${url}/frames`,
    'multipart/related; type="application/octet-stream"; transfer-syntax=*',
  );
  const frames = splitParts(all.body, all.type);
  assert.equal(frames.length, file.frames, file.path);
  const one = await fetchBytes(`${url}/frames/1`, 'application/octet-stream; transfer-syntax=*');
  assert.deepEqual(one.body, frames[0]?.body, file.path);
  const pixels = await fetchBytes(`${url}/pixeldata`, '*/*');
  assert.ok(pixels.body.includes(one.body), file.path);
}
