import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  corpusFiles,
  corpusMissing,
  groupsWithoutRepeats,
  readCorpusFile,
  type CorpusFile,
} from '../helpers/corpus.js';
import {
  acceptStoredFrames,
  acceptStoredInstances,
  qido,
  retrieve,
  stow,
} from '../helpers/dicomweb-client.js';
import { withServer, type TestServer } from '../helpers/server.js';

describe('every storable file of the corpus by STOW-RS', { skip: corpusMissing }, () => {
  const groups = corpusMissing === false ? groupsWithoutRepeats(storable()) : [];
  for (const [index, files] of groups.entries()) {
    test(`group ${index + 1}: ${files.length} files are stored, found and returned`, async () => {
      await withServer(async (server) => {
        for (const file of files) await checkFile(server, file);
        await checkCounts(server, files);
      });
    });
  }
});

/** Pixel Data without a value: the manifest counts the frame that the attributes promise. */
const emptyPixelData = new Set(['valid/fo-dicom__Test_Data__GH1146.dcm']);

function storable(): CorpusFile[] {
  return corpusFiles().filter((file) => file.storable);
}

async function checkFile(server: TestServer, file: CorpusFile): Promise<void> {
  const bytes = readCorpusFile(file);
  const stored = await stow(server.dicomwebUrl, [bytes]);
  assert.ok([200, 202].includes(stored.status), `${file.path}: ${JSON.stringify(stored)}`);
  const { studyUID: study, seriesUID: series, sopInstanceUID: instance } = file;
  const seriesPath = `studies/${study}/series/${series}`;
  const instancePath = `${seriesPath}/instances/${instance}`;
  for (const search of [
    `studies?StudyInstanceUID=${study}`,
    `studies/${study}/series?SeriesInstanceUID=${series}`,
    `${seriesPath}/instances?SOPInstanceUID=${instance}`,
    `series?SeriesInstanceUID=${series}`,
    `instances?SOPInstanceUID=${instance}`,
  ]) {
    const rows = await qido(server.dicomwebUrl, search);
    assert.equal(rows.length, 1, `${file.path}: ${search}`);
  }
  const parts = await retrieve(server.dicomwebUrl, instancePath, acceptStoredInstances);
  assert.equal(parts.length, 1);
  assert.ok(parts[0]!.body.subarray(128).equals(bytes.subarray(128)), `${file.path}: bytes differ`);
  const metadata = await qido(server.dicomwebUrl, `${instancePath}/metadata`);
  assert.equal(metadata[0]!['00080018']?.Value?.[0], instance);
  await checkFrames(server, file, instancePath);
}

async function checkFrames(server: TestServer, file: CorpusFile, path: string): Promise<void> {
  const url = `${server.dicomwebUrl}/${path}/frames`;
  const headers = { accept: acceptStoredFrames };
  const frameCount = file.rows === null || emptyPixelData.has(file.path) ? 0 : file.frames;
  const beyond = await fetch(`${url}/${frameCount + 1}`, { headers });
  assert.equal(beyond.status, 404, `${file.path}: frame ${frameCount + 1}`);
  await beyond.arrayBuffer();
  if (frameCount === 0) return;
  const list = [...new Set([1, Math.ceil(frameCount / 2), frameCount])];
  const frames = await retrieve(
    server.dicomwebUrl,
    `${path}/frames/${list.join(',')}`,
    acceptStoredFrames,
  );
  assert.equal(frames.length, list.length, file.path);
  for (const frame of frames) assert.ok(frame.body.length > 0, `${file.path}: empty frame`);
}

async function checkCounts(server: TestServer, files: readonly CorpusFile[]): Promise<void> {
  const expected = new Map<string, number>();
  for (const file of files) expected.set(file.studyUID, (expected.get(file.studyUID) ?? 0) + 1);
  const rows = await qido(server.dicomwebUrl, 'studies?limit=5000');
  const counted = rows.map((row) => [
    row['0020000D']?.Value?.[0],
    Number(row['00201208']?.Value?.[0]),
  ]);
  assert.deepEqual(new Map(counted as [string, number][]), new Map([...expected].sort()), 'counts');
}
