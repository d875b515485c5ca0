import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readPart10File } from '#test/helpers/part10-file.js';
import {
  corpusFiles,
  corpusMissing,
  corpusPath,
  groupsWithoutRepeats,
  readCorpusFile,
  type CorpusFile,
} from '../helpers/corpus.js';
import { freePort } from '../helpers/free-port.js';
import { dcmtkMissing, runDcmtk } from '../helpers/dcmtk.js';
import { stow } from '../helpers/dicomweb-client.js';
import { startServer, type TestServer } from '../helpers/server.js';

const skip = dcmtkMissing === false ? corpusMissing : dcmtkMissing;

/** getscu options that prefer the transfer syntax of a file. */
const preferences: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2.1': '+xe',
  '1.2.840.10008.1.2.2': '+xb',
  '1.2.840.10008.1.2.4.50': '+xy',
  '1.2.840.10008.1.2.4.70': '+xs',
  '1.2.840.10008.1.2.4.80': '+xt',
  '1.2.840.10008.1.2.4.90': '+xv',
  '1.2.840.10008.1.2.4.91': '+xw',
  '1.2.840.10008.1.2.5': '+xr',
};

const filesPerSyntaxMax = 8;

/** Classes that the tools propose: neither private nor newer than they are. */
const commonClass = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(1|1\.1|2|3\.1|4|6\.1|7|12\.1|20|128)$/;

/** Some of each transfer syntax. DCMTK takes no data set of odd length, which PS3.8 §E.1 has no fragments for. */
function chooseFiles(): CorpusFile[] {
  const chosen: CorpusFile[] = [];
  const [files = []] = groupsWithoutRepeats(
    corpusFiles().filter(
      ({ storable, valid, sopClass, size }) =>
        storable && valid && commonClass.test(sopClass) && size < 3_000_000,
    ),
  );
  for (const transferSyntax of Object.keys(preferences)) {
    const suitable = files.filter(
      (file) =>
        file.transferSyntax === transferSyntax &&
        readPart10File(corpusPath(file)).dataSet.length % 2 === 0,
    );
    chosen.push(...suitable.slice(0, filesPerSyntaxMax));
  }
  return chosen;
}

describe('query and retrieve by DCMTK on the corpus', { skip }, () => {
  const files = skip === false ? chooseFiles() : [];
  let server: TestServer | undefined;
  let directory: string;
  const destinations: ReturnType<typeof spawn>[] = [];

  /** Starts storescp, which stores into a directory of the AE title. */
  async function startDestination(aeTitle: string, port: number, option: string): Promise<void> {
    const target = join(directory, aeTitle);
    await mkdir(target);
    const args = ['-aet', aeTitle, option, '+B', '-od', target, String(port)];
    const env = { ...process.env, TCP_NODELAY: '1' };
    destinations.push(spawn('storescp', args, { env, stdio: 'ignore' }));
  }

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'gantry-dcmtk-'));
    const ports = [await freePort(), await freePort()] as const;
    await startDestination('DEST', ports[0], '+xa');
    await startDestination('IMPLICIT', ports[1], '+xi');
    server = await startServer({
      dataDir: join(directory, 'data'),
      args: ['--remote-aes', `DEST@127.0.0.1:${ports[0]},IMPLICIT@127.0.0.1:${ports[1]}`],
    });
    const { status, dataSet } = await stow(server.dicomwebUrl, files.map(readCorpusFile));
    assert.equal(dataSet['00081198']?.Value, undefined, `status ${status}`);
  });

  after(async () => {
    for (const storescp of destinations) storescp.kill();
    await server?.stop();
    await rm(directory, { recursive: true, force: true });
  });

  function ask(tool: string, level: string, args: readonly string[]): Promise<string> {
    const address = ['127.0.0.1', String(server?.dimsePort)];
    return runDcmtk(tool, [
      ...['-v', '-S', ...args, '-k', `QueryRetrieveLevel=${level}`],
      ...address,
    ]).then(({ output }) => output);
  }

  function key(keyword: string, value = ''): string[] {
    return ['-k', `${keyword}=${value}`];
  }

  const studyUids = [...new Set(files.map((file) => file.studyUID))].sort();

  test('PS3.4 §C.6.2: findscu finds every study, series and image', async () => {
    const found = await ask('findscu', 'STUDY', [
      ...[...key('StudyInstanceUID'), ...key('PatientName'), ...key('ModalitiesInStudy')],
    ]);
    assert.deepEqual(uidsIn(found, '0020,000d'), studyUids);
    for (const { studyUID, seriesUID, sopInstanceUID } of files.slice(0, 10)) {
      const study = key('StudyInstanceUID', studyUID);
      const series = await ask('findscu', 'SERIES', [...study, ...key('SeriesInstanceUID')]);
      assert.ok(uidsIn(series, '0020,000e').includes(seriesUID));
      const image = await ask('findscu', 'IMAGE', [
        ...[...study, ...key('SeriesInstanceUID', seriesUID), ...key('SOPInstanceUID')],
      ]);
      assert.ok(uidsIn(image, '0008,0018').includes(sopInstanceUID));
    }
  });

  test('PS3.7 §9.3.2.3: findscu --cancel gets the answer that it asked for', async () => {
    const output = await ask('findscu', 'STUDY', ['--cancel', '1', ...key('StudyInstanceUID')]);
    assert.match(output, /Final Find Response \((Cancel|Success)/);
  });

  for (const [transferSyntax, option] of Object.entries(preferences)) {
    test(`PS3.4 §C.4.3: getscu ${option} gets instances byte for byte`, async () => {
      const wanted = files.filter((file) => file.transferSyntax === transferSyntax);
      assert.ok(wanted.length > 0);
      const target = join(directory, `got${option}`);
      await mkdir(target);
      // One run of the tool for all of them: their studies as a list of UIDs (PS3.4 §C.4.3.1.3.1). Those hold other instances too,
      // some of which only go out in a transfer syntax that is not proposed.
      const studies = [...new Set(wanted.map(({ studyUID }) => studyUID))];
      const expected = files.filter(({ studyUID }) => studies.includes(studyUID)).length;
      const list = key('StudyInstanceUID', studies.join('\\'));
      const output = await ask('getscu', 'STUDY', [option, '+B', '-od', target, ...list]);
      const count = (name: string): number =>
        Number(new RegExp(`Number of ${name} Suboperations +: (\\d+)`).exec(output)?.[1]);
      assert.equal(count('Completed') + count('Failed'), expected, output.slice(-2000));
      await compareAll(target, wanted);
    });
  }

  test('PS3.5 §A.1: explicit VR little endian is rewritten for storescp +xi', async () => {
    const wanted = files.filter((file) => file.transferSyntax === '1.2.840.10008.1.2.1');
    for (const { path, studyUID, seriesUID, sopInstanceUID } of wanted) {
      const output = await ask('movescu', 'IMAGE', [
        ...['-aem', 'IMPLICIT', ...key('StudyInstanceUID', studyUID)],
        ...[...key('SeriesInstanceUID', seriesUID), ...key('SOPInstanceUID', sopInstanceUID)],
      ]);
      assert.match(output, /Final Move Response \(Success\)/, `${path}\n${output.slice(-2000)}`);
    }
    const target = join(directory, 'IMPLICIT');
    const received = await readdir(target);
    assert.equal(received.length, wanted.length);
    for (const name of received) {
      const path = join(target, name);
      const { transferSyntaxUid, sopInstanceUid } = readPart10File(path);
      assert.equal(transferSyntaxUid, '1.2.840.10008.1.2');
      const file = wanted.find(({ sopInstanceUID }) => sopInstanceUID === sopInstanceUid)!;
      assert.equal(await valuesOf(path), await valuesOf(corpusPath(file)), file.path);
    }
  });

  test('PS3.4 §C.4.2: movescu moves every study to storescp, byte for byte', async () => {
    for (const studyUid of studyUids) {
      const output = await ask('movescu', 'STUDY', [
        ...['-aem', 'DEST', ...key('StudyInstanceUID', studyUid)],
      ]);
      assert.match(output, /Final Move Response \(Success\)/, output.slice(-2000));
    }
    await compareAll(join(directory, 'DEST'), files);
  });

  test('PS3.4 §C.4.2.1.5: movescu is told that it names an unknown destination', async () => {
    const study = key('StudyInstanceUID', studyUids[0]);
    const output = await ask('movescu', 'STUDY', ['-aem', 'NOBODY', ...study]);
    assert.match(output, /MoveDestinationUnknown/);
  });
});

/** Values of a UI element in the dumps that a tool prints, sorted. */
function uidsIn(output: string, tag: string): string[] {
  const pattern = new RegExp(`\\(${tag}\\) UI \\[([0-9.]+)`, 'g');
  // The request is printed as well, without a value or with one that is asked for.
  const responses = output.slice(output.indexOf('Find Response'));
  return [...new Set([...responses.matchAll(pattern)].map(([, uid]) => uid!))].sort();
}

/** Every wanted file is in the directory, with the data set of the corpus. */
async function compareAll(target: string, wanted: readonly CorpusFile[]): Promise<void> {
  const received = new Map<string, Buffer>();
  for (const name of await readdir(target)) {
    const { sopInstanceUid, dataSet } = readPart10File(join(target, name));
    received.set(sopInstanceUid, dataSet);
  }
  for (const file of wanted) {
    const stored = readPart10File(corpusPath(file)).dataSet;
    assert.ok(received.get(file.sopInstanceUID)?.equals(stored), file.path);
  }
}

/** Tags and values of every element as dcmdump shows them, without what depends on the encoding. */
async function valuesOf(path: string): Promise<string> {
  const { output } = await runDcmtk('dcmdump', ['-q', '+L', path]);
  return (
    output
      .split('\n')
      .filter((line) => /^ *\([0-9a-f]{4},[0-9a-f]{4}\)/.test(line))
      .filter((line) => !/^ *\((0002,|fffe,e00d|fffe,e0dd|fffc,fffc|[0-9a-f]{4},0000)/.test(line))
      .map((line) => line.replace(/ *#[^#]*$/, '').replace(/with (explicit|undefined) length/, ''))
      // In implicit VR private elements are UN and pixel data is OW, and dcmdump shows the values accordingly.
      .filter((line) => !/^ *\(([0-9a-f]{3}[13579bdf],|7fe0,0010)/.test(line))
      .join('\n')
  );
}
