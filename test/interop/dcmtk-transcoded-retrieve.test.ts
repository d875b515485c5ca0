import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import {
  corpusFiles,
  corpusMissing,
  corpusPath,
  readCorpusFile,
  type CorpusFile,
} from '#test/helpers/corpus.js';
import { dcmtkMissing, runDcmtk } from '#test/helpers/dcmtk.js';
import { startDcmqrscp, startStorescp } from '#test/helpers/dcmtk-server.js';
import { buildPart10, grayImage, sampleIdentifiers } from '#test/helpers/dicom-builder.js';
import { retrieve, stow } from '#test/helpers/dicomweb-client.js';
import { part10Of, type Part10File } from '#test/helpers/part10-file.js';
import { startServer, type TestServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const skip = dcmtkMissing === false ? corpusMissing : dcmtkMissing;

const implicit = '1.2.840.10008.1.2';
const explicit = '1.2.840.10008.1.2.1';
const deflated = '1.2.840.10008.1.2.1.99';
const jpegLossless = '1.2.840.10008.1.2.4.70';
const jpegLs = '1.2.840.10008.1.2.4.80';
const jpeg2000 = '1.2.840.10008.1.2.4.90';
const video = '1.2.840.10008.1.2.4.102';
const rle = '1.2.840.10008.1.2.5';

/** What of DCMTK makes native pixels of a transfer syntax; it has no decoder for JPEG 2000. */
const converters: Readonly<Record<string, readonly string[]>> = {
  [deflated]: ['dcmconv', '+te'],
  [jpegLossless]: ['dcmdjpeg'],
  [jpegLs]: ['dcmdjpls'],
  [rle]: ['dcmdrle'],
};

const syntaxes = [deflated, jpegLossless, jpegLs, jpeg2000, rle];
const filesPerSyntaxMax = 2;

/** Classes that the tools propose. */
const commonClass = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(1|1\.1|2|3\.1|4|6\.1|7|12\.1|20|128)$/;

/** The largest grey images of each transfer syntax; of colours programs make different things. */
function chooseFiles(): CorpusFile[] {
  const suitable = corpusFiles()
    .filter(({ storable, valid, sopClass, size, rows, photometric }) => {
      const isGrey = photometric !== 'RGB' && photometric?.startsWith('YBR') === false;
      return (
        storable && valid && commonClass.test(sopClass) && rows !== null && isGrey && size < 500_000
      );
    })
    .sort((a, b) => b.size - a.size);
  const chosen = new Map<string, CorpusFile>();
  for (const transferSyntax of syntaxes) {
    suitable
      .filter((file) => file.transferSyntax === transferSyntax && !chosen.has(file.sopInstanceUID))
      .slice(0, filesPerSyntaxMax)
      .forEach((file) => chosen.set(file.sopInstanceUID, file));
  }
  return [...chosen.values()];
}

/** The value of native Pixel Data, which ends the data set but for what may pad it. */
function pixelsOf({ transferSyntaxUid, dataSet }: Part10File): Buffer {
  const start = dataSet.lastIndexOf(Buffer.from([0xe0, 0x7f, 0x10, 0x00]));
  const lengthAt = start + (transferSyntaxUid === implicit ? 4 : 8);
  const valueAt = lengthAt + 4;
  const value = dataSet.subarray(valueAt, valueAt + dataSet.readUInt32LE(lengthAt));
  assert.ok(start > 0 && value.length === dataSet.readUInt32LE(lengthAt));
  return value;
}

/** Pixels of a file as DCMTK decodes them, or the server where DCMTK does not. */
async function expectedPixels(server: TestServer, file: CorpusFile): Promise<Buffer> {
  const [tool, ...options] = converters[file.transferSyntax ?? ''] ?? [];
  if (tool === undefined) {
    const path = `studies/${file.studyUID}/series/${file.seriesUID}/instances/${file.sopInstanceUID}`;
    const accept = `multipart/related; type="application/dicom"; transfer-syntax=${explicit}`;
    const [part] = await retrieve(server.dicomwebUrl, path, accept);
    return pixelsOf(part10Of(part!.body));
  }
  const target = join(temporaryDirectory(), 'native');
  const { exitCode, output } = await runDcmtk(tool, [...options, corpusPath(file), target]);
  assert.equal(exitCode, 0, output);
  return pixelsOf(part10Of(readFileSync(target)));
}

/** Every file below a directory that is Part 10. */
function receivedIn(directory: string): Part10File[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'index.dat')
    .map((entry) => part10Of(readFileSync(join(entry.parentPath, entry.name))));
}

/** Asks for whole studies: one request for all of them. */
async function ask(
  server: TestServer,
  tool: string,
  args: readonly string[],
  studyUids: readonly string[],
): Promise<string> {
  const keys = ['QueryRetrieveLevel=STUDY', `StudyInstanceUID=${studyUids.join('\\')}`];
  const { output } = await runDcmtk(tool, [
    ...['-v', '-S', ...args, ...keys.flatMap((key) => ['-k', key])],
    ...['127.0.0.1', String(server.dimsePort)],
  ]);
  return output;
}

interface Fixture {
  readonly server: TestServer;
  readonly files: readonly CorpusFile[];
  /** What each destination keeps, by its AE title. */
  readonly directories: ReadonlyMap<string, string>;
}

async function start(t: TestContext): Promise<Fixture> {
  const peers = new Map([
    ['EXPLICIT', await startStorescp(t, ['+xe'])],
    ['IMPLICIT', await startStorescp(t, ['+xi'])],
    ['ARCHIVE', await startDcmqrscp(t, 104)],
  ]);
  const remoteAes = [...peers].map(([aeTitle, { port }]) => `${aeTitle}@127.0.0.1:${port}`).join();
  const server = await startServer({
    dataDir: join(temporaryDirectory(), 'data'),
    args: ['--remote-aes', remoteAes],
  });
  t.after(() => server.stop());
  const files = chooseFiles();
  const { dataSet } = await stow(server.dicomwebUrl, files.map(readCorpusFile));
  assert.equal(dataSet['00081198']?.Value, undefined);
  const directories = [...peers].map(([aeTitle, { directory }]) => [aeTitle, directory] as const);
  return { server, files, directories: new Map(directories) };
}

test(
  'PS3.4 §C.4.2, §C.4.3: who lacks the stored transfer syntax gets the pixels decoded',
  { skip },
  async (t) => {
    const { server, files, directories } = await start(t);
    assert.deepEqual([...new Set(files.map(({ transferSyntax }) => transferSyntax))], syntaxes);
    const studyUids = [...new Set(files.map(({ studyUID }) => studyUID))];
    for (const aeTitle of directories.keys()) {
      const output = await ask(server, 'movescu', ['-aem', aeTitle], studyUids);
      assert.match(output, /Final Move Response \(Success\)/, output);
    }
    const got = temporaryDirectory();
    const output = await ask(server, 'getscu', ['+B', '-od', got], studyUids);
    assert.match(output, new RegExp(`Completed Suboperations : ${files.length}`), output);
    const expected = new Map<string, Buffer>();
    for (const file of files) expected.set(file.sopInstanceUID, await expectedPixels(server, file));
    for (const [destination, directory] of [...directories, ['getscu', got] as const]) {
      const received = receivedIn(directory);
      assert.equal(received.length, files.length, destination);
      for (const file of received) {
        if (destination === 'EXPLICIT') assert.equal(file.transferSyntaxUid, explicit);
        if (destination === 'IMPLICIT') assert.equal(file.transferSyntaxUid, implicit);
        const what = `${destination}: ${file.sopInstanceUid}`;
        assert.ok(pixelsOf(file).equals(expected.get(file.sopInstanceUid)!), what);
      }
    }
  },
);

test(
  'PS3.4 §C.4.2.1.5: what cannot be decoded fails, the log says why, and the rest is sent',
  { skip },
  async (t) => {
    const { server, files, directories } = await start(t);
    const elements = {
      ...sampleIdentifiers(),
      ...grayImage(16, 16, 8),
      NumberOfFrames: 2,
    };
    const pixelData = { frames: [Buffer.alloc(100, 1)] };
    await stow(server.dicomwebUrl, [
      buildPart10({ transferSyntaxUid: video, elements, pixelData }),
    ]);
    const studyUids = [files[0]!.studyUID, elements.StudyInstanceUID];
    const output = await ask(server, 'movescu', ['-aem', 'EXPLICIT'], studyUids);
    assert.match(output, /OneOrMoreFailures/, output);
    const [received] = receivedIn(directories.get('EXPLICIT')!);
    assert.equal(received?.transferSyntaxUid, explicit);
    const line = server
      .output()
      .split('\n')
      .find((each) => each.includes('instance not sent'))!;
    const { sopInstanceUid, transferSyntaxUid, reason } = JSON.parse(line) as Record<
      string,
      string
    >;
    assert.deepEqual([sopInstanceUid, transferSyntaxUid], [elements.SOPInstanceUID, video]);
    assert.ok(reason !== undefined && reason.length > 0);
    t.diagnostic(reason);
  },
);
