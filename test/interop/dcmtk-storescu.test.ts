import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import {
  corpusDir,
  corpusFiles,
  corpusMissing,
  groupsWithoutRepeats,
  type CorpusFile,
} from '../helpers/corpus.js';
import { dcmtkMissing, runDcmtk } from '../helpers/dcmtk.js';
import { acceptStoredInstances, qido, retrieve } from '../helpers/dicomweb-client.js';
import { withServer, type TestServer } from '../helpers/server.js';

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

describe('every storable file of the corpus by storescu', { skip }, () => {
  const groups = skip === false ? groupsWithoutRepeats(sendable()) : [];
  for (const [index, files] of groups.entries()) {
    test(`group ${index + 1}: ${files.length} files arrive whole and are found`, async () => {
      await withServer(async (server) => {
        await send(server, files);
        for (const file of files) await checkStored(server, file);
      });
    });
  }
});

/** storescu cannot propose every transfer syntax; the STOW-RS test covers the rest. */
function sendable(): CorpusFile[] {
  return corpusFiles().filter(
    (file) => file.storable && file.transferSyntax !== null && file.transferSyntax in proposals,
  );
}

async function send(server: TestServer, files: readonly CorpusFile[]): Promise<void> {
  for (const transferSyntax of new Set(files.map((file) => file.transferSyntax!))) {
    const group = files.filter((file) => file.transferSyntax === transferSyntax);
    // -R proposes only the SOP classes of the files: an association has room for 128 presentation contexts.
    const { exitCode, output } = await runDcmtk('storescu', [
      '-R',
      proposals[transferSyntax]!,
      ...['127.0.0.1', String(server.dimsePort)],
      ...group.map((file) => join(corpusDir, file.path)),
    ]);
    assert.equal(exitCode, 0, `${transferSyntax}: ${output.slice(-2000)}`);
  }
}

async function checkStored(server: TestServer, file: CorpusFile): Promise<void> {
  const { studyUID: study, seriesUID: series, sopInstanceUID: instance } = file;
  const path = `studies/${study}/series/${series}/instances`;
  const rows = await qido(server.dicomwebUrl, `${path}?SOPInstanceUID=${instance}`);
  assert.equal(rows.length, 1, file.path);
  const [part] = await retrieve(server.dicomwebUrl, `${path}/${instance}`, acceptStoredInstances);
  const storedPath = join(server.dataDir, 'returned.dcm');
  await writeFile(storedPath, part!.body);
  // storescu encodes the data set anew, so DCMTK must judge whether every element arrived.
  const sent = await runDcmtk('dcm2json', [join(corpusDir, file.path)]);
  const stored = await runDcmtk('dcm2json', [storedPath]);
  assert.ok(sent.output === stored.output, `${file.path}: elements differ`);
}
