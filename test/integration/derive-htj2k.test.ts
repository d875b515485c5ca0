import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { decodeFrame } from '#engine/codec/decode-frame.js';
import type { Engine } from '#engine/engine-types.js';
import { openEngine } from '#engine/open-engine.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { imageOf, testCodecs } from '#test/helpers/image-frames.js';
import {
  buildRetrieveFixture,
  syntaxes,
  type RetrieveFixture,
} from '#test/helpers/retrieve-fixtures.js';
import { engineOptions, readFrame, storeFile } from '#test/helpers/test-engine.js';
import { until } from '#test/helpers/wait.js';

const rpcl = '1.2.840.10008.1.2.4.202';
const codecs = await testCodecs();
const waitMs = 60_000;
const silent = (): void => undefined;
const log = { debug: silent, info: silent, warn: silent, error: silent };

async function withDeriving(
  dataDir: string,
  body: (engine: Engine) => Promise<void>,
): Promise<void> {
  const codec = { ...engineOptions.codec, threads: 1, deriveHtj2k: true };
  const engine = await openEngine({ ...engineOptions, dataDir, codec }, log);
  try {
    await body(engine);
  } finally {
    await engine.close();
  }
}

async function checkFrame(
  engine: Engine,
  record: InstanceRecord,
  { native }: RetrieveFixture,
  number: number,
): Promise<void> {
  const stored = await readFrame(engine, { partition: 1, record, number }, rpcl);
  const image = imageOf({ rows: 24, columns: 24, bitsStored: 12 });
  const codestream = new Uint8Array(stored);
  const frame = { codestream, transferSyntaxUid: rpcl, image };
  assert.ok(native[number - 1]!.equals(await decodeFrame(frame, codecs)));
}

describe('HTJ2K in idle time', () => {
  test('is made of what is stored, served, and made again when it was deleted or damaged', async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'gantry-test-'));
    t.after(() => rm(dataDir, { recursive: true, force: true }));
    const folder = join(dataDir, 'derived');
    const files = async (): Promise<string[]> =>
      (await readdir(folder)).filter((name) => name.endsWith('.frames'));
    const native = await buildRetrieveFixture({ seed: '61', frameCount: 3 });
    const jpegLs = await buildRetrieveFixture({
      seed: '61',
      number: 2,
      transferSyntaxUid: syntaxes.jpegLs,
    });
    const lossy = await buildRetrieveFixture({
      seed: '61',
      number: 3,
      transferSyntaxUid: syntaxes.jpeg2000Lossy,
    });

    await withDeriving(dataDir, async (engine) => {
      const record = await storeFile(engine, 1, native.part10);
      const other = await storeFile(engine, 1, jpegLs.part10);
      await storeFile(engine, 1, lossy.part10);
      await until(() => engine.stats().framesDerived === 4, 'four frames', waitMs);
      for (const number of [1, 2, 3]) await checkFrame(engine, record, native, number);
      await checkFrame(engine, other, jpegLs, 1);
      assert.equal(engine.stats().framesTranscoded, 0, 'no codec was asked');
      assert.equal(engine.stats().framesFromCache, 4);
      assert.equal((await files()).length, 2, 'nothing of what has lost information');
      const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = other;
      const target = { partition: 1, studyInstanceUid, seriesInstanceUid, sopInstanceUid };
      await engine.deleteInstances(target);
      await until(() => engine.stats().derivedBytes < 4_000, 'the frames of a deleted instance');
    });

    await rm(folder, { recursive: true });
    await withDeriving(dataDir, async (engine) => {
      await until(() => engine.stats().framesDerived === 3, 'all of it again', waitMs);
      await until(() => existsSync(join(folder, 'POSITION')), 'the end of it', waitMs);
      for (const name of await files()) await writeFile(join(folder, name), 'damaged');
      const { study, series, instance } = native;
      const [page] = engine.instancePages({
        partition: 1,
        studyInstanceUid: study,
        seriesInstanceUid: series,
        sopInstanceUid: instance,
      });
      await checkFrame(engine, page![0]!, native, 2);
      assert.equal(engine.stats().framesTranscoded, 1);
    });
  });
});
