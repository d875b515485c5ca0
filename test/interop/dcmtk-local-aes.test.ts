import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { dcmtkMissing, runDcmtk } from '#test/helpers/dcmtk.js';
import { qido } from '#test/helpers/dicomweb-client.js';
import { freePort } from '#test/helpers/free-port.js';
import { buildCtInstance } from '#test/helpers/instance-builder.js';
import { readPart10File } from '#test/helpers/part10-file.js';
import { withServer } from '#test/helpers/server.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

test(
  'each AE title of the store keeps, finds, gets and moves what is in its own partition',
  { skip: dcmtkMissing },
  async (t) => {
    const directory = temporaryDirectory();
    const titles = ['GANTRY', 'RESEARCH'] as const;
    const instances = titles.map((_, index) => buildCtInstance(`6.${index + 1}`, 1));
    const destinationPort = await freePort();
    const moved = join(directory, 'moved');
    mkdirSync(moved);
    const storescp = spawn('storescp', ['-d', '-od', moved, String(destinationPort)]);
    t.after(() => storescp.kill());
    let heard = '';
    storescp.stderr.on('data', (chunk: Buffer) => (heard += chunk.toString()));
    storescp.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()));

    const args = ['--dimse-local-aes', 'RESEARCH=1', '--dimse-check-called-ae', 'true'];
    const remote = ['--remote-aes', `DEST@127.0.0.1:${destinationPort}`];
    await withServer(
      async ({ dimsePort, dicomwebUrl }) => {
        const run = async (tool: string, title: string, ...more: string[]): Promise<string> => {
          const { exitCode, output } = await runDcmtk(tool, [
            ...['-v', '-aec', title, '127.0.0.1', String(dimsePort), ...more],
          ]);
          assert.equal(exitCode, 0, output);
          return output;
        };
        for (const [index, title] of titles.entries()) {
          const path = join(directory, `${title}.dcm`);
          writeFileSync(path, instances[index]?.part10 ?? '');
          await run('storescu', title, path);
        }
        for (const [index, title] of titles.entries()) {
          const other = titles[1 - index] ?? '';
          const { studyInstanceUid = '', sopInstanceUid } = instances[index] ?? {};
          const study = ['-S', '-k', 'QueryRetrieveLevel=STUDY', '-k'];
          const all = await run('findscu', title, ...study, 'StudyInstanceUID');
          assert.deepEqual(
            [...new Set(all.match(/1\.2\.826\.0\.1\.6\.\d\.1/g))],
            [studyInstanceUid],
          );
          const own = [...study, `StudyInstanceUID=${studyInstanceUid}`];
          const target = join(directory, `got-${title}`);
          mkdirSync(target);
          await run('getscu', title, ...own, '-od', target);
          await run('getscu', other, ...own, '-od', target);
          const [name, ...rest] = readdirSync(target);
          assert.deepEqual(rest, []);
          assert.equal(readPart10File(join(target, name ?? '')).sopInstanceUid, sopInstanceUid);
          await run('movescu', title, ...own, '-aem', 'DEST');
        }
        assert.equal(readdirSync(moved).length, 2);
        for (const title of titles)
          assert.match(heard, new RegExp(`Calling Application Name: +${title}`));
        const found = await qido(dicomwebUrl, 'studies');
        assert.equal(found.length, 1, 'the web sees the partition of the first title');
        const refused = await runDcmtk('echoscu', ['-aec', 'OTHER', '127.0.0.1', `${dimsePort}`]);
        assert.match(refused.output, /Called AE Title Not Recognized/);
      },
      { args: [...args, ...remote] },
    );
  },
);
