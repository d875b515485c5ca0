import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  corpusFiles,
  corpusMissing,
  corpusPath,
  groupsWithoutRepeats,
  type CorpusFile,
} from '../helpers/corpus.js';
import { dcmtkMissing, runDcmtk } from '../helpers/dcmtk.js';
import { acceptStoredInstances, qido, retrieve } from '../helpers/dicomweb-client.js';
import { part10Of, readPart10File } from '../helpers/part10-file.js';
import { startTestServer, type OwnedServer, type TestServer } from '../helpers/server.js';

const skip = dcmtkMissing === false ? corpusMissing : dcmtkMissing;

/** storescu options that propose the transfer syntax of a file; it offers the uncompressed ones by itself. */
const proposals: Readonly<Record<string, string>> = {
  '1.2.840.10008.1.2': '-xi',
  '1.2.840.10008.1.2.1': '-xe',
  '1.2.840.10008.1.2.2': '-xb',
  '1.2.840.10008.1.2.1.99': '-xd',
  '1.2.840.10008.1.2.4.50': '-xy',
  '1.2.840.10008.1.2.4.51': '-xx',
  '1.2.840.10008.1.2.4.70': '-xs',
  '1.2.840.10008.1.2.4.80': '-xt',
  '1.2.840.10008.1.2.4.81': '-xu',
  '1.2.840.10008.1.2.4.90': '-xv',
  '1.2.840.10008.1.2.4.91': '-xw',
  '1.2.840.10008.1.2.4.100': '-xm',
  '1.2.840.10008.1.2.4.101': '-xh',
  '1.2.840.10008.1.2.5': '-xr',
};

/** Files of SOP classes that are newer than the tool; the STOW-RS test covers them. */
const unknownToStorescuMax = 9;

describe('every storable file of the corpus by storescu', { skip }, () => {
  const groups = skip === false ? groupsWithoutRepeats(sendable()) : [];
  let server: OwnedServer;

  before(async () => {
    // Files that share their UIDs are in different groups, and those of a later group take the place of the earlier ones.
    server = await startTestServer({ args: ['--store-overwrite', 'always'] });
  });

  after(() => server.remove());

  for (const [index, files] of groups.entries()) {
    test(`group ${index + 1}: ${files.length} files arrive whole and are found`, async () => {
      const sent = await send(server, files);
      assert.ok(sent.length >= files.length - unknownToStorescuMax);
      for (const file of sent) await checkStored(server, file);
    });
  }
});

/** storescu cannot propose every transfer syntax; the STOW-RS test covers the rest. */
function sendable(): CorpusFile[] {
  return corpusFiles().filter(
    ({ storable, transferSyntax, sopInstanceUID }) =>
      storable &&
      transferSyntax !== null &&
      transferSyntax in proposals &&
      // The tool cuts longer ones (PS3.5 §9.1) in the command, which then names another instance than the data set.
      sopInstanceUID.length <= 64,
  );
}

/** Sends the files, grouped by transfer syntax; returns those that storescu agreed to send. */
async function send(server: TestServer, files: readonly CorpusFile[]): Promise<CorpusFile[]> {
  const sent: CorpusFile[] = [];
  for (const transferSyntax of new Set(files.map((file) => file.transferSyntax!))) {
    let group = files.filter((file) => file.transferSyntax === transferSyntax);
    for (;;) {
      // -R proposes only the SOP classes of the files: an association has room for 128 presentation contexts.
      const { exitCode, output } = await runDcmtk('storescu', [
        '-v',
        '-R',
        proposals[transferSyntax]!,
        ...['127.0.0.1', String(server.dimsePort)],
        ...group.map(corpusPath),
      ]);
      const unknown =
        /(?:unknown storage SOP class|missing SOP class .or instance.) in file: (\S+?)(?::|\s)/.exec(
          output,
        )?.[1];
      if (unknown === undefined) {
        assert.equal(
          exitCode,
          0,
          `${transferSyntax}: ${output.slice(-2000)} ${server.output().slice(-2000)}`,
        );
        break;
      }
      group = group.filter((file) => corpusPath(file) !== unknown);
      if (group.length === 0) break;
    }
    sent.push(...group);
  }
  return sent;
}

async function checkStored(server: TestServer, file: CorpusFile): Promise<void> {
  const { studyUID: study, seriesUID: series, sopInstanceUID: instance } = file;
  const path = `studies/${study}/series/${series}/instances`;
  const rows = await qido(server.dicomwebUrl, `${path}?SOPInstanceUID=${instance}`);
  assert.equal(rows.length, 1, file.path);
  const [part] = await retrieve(server.dicomwebUrl, `${path}/${instance}`, acceptStoredInstances);
  // storescu encodes data sets anew, most of them to the same bytes; of the others DCMTK must judge whether every element arrived.
  if (part10Of(part!.body).dataSet.equals(readPart10File(corpusPath(file)).dataSet)) return;
  const storedPath = join(server.dataDir, 'returned.dcm');
  await writeFile(storedPath, part!.body);
  const sent = await dumpElements(corpusPath(file));
  const stored = await dumpElements(storedPath);
  // What has no valid VR the tool itself encodes anew as something else.
  if (sent.output.includes('Non-standard VR')) return;
  assert.ok(sent.elements === stored.elements, `${file.path}: elements differ`);
}

/**
 * Every element and fragment with its whole value, as dcmdump shows them, without what another encoding changes: lengths,
 * delimiters, group lengths, trailing padding (PS3.10 §7.2) and the File Meta Information.
 */
async function dumpElements(path: string): Promise<{ output: string; elements: string }> {
  const { output } = await runDcmtk('dcmdump', ['+L', path]);
  const elements = output
    .split('\n')
    .filter((line) => /^ *\([0-9a-f]{4},[0-9a-f]{4}\)/.test(line))
    .filter((line) => !/^ *\((0002,|fffc,fffc|fffe,e00d|fffe,e0dd|[0-9a-f]{4},0000)/.test(line))
    .map((line) => line.replace(/ *#[^#]*$/, '').replace(/with (explicit|undefined) length/, ''))
    .join('\n');
  return { output, elements };
}
