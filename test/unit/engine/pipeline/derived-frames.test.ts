import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { DerivedFrames } from '#engine/pipeline/derived-frames.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { instanceRecord } from '#test/helpers/record-builder.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const roomy = 1024 * 1024;
const record = (number: number, sequence = number): InstanceRecord =>
  instanceRecord('1.1', '1.2', `1.3.${number}`, sequence);

async function* framesOf(...lengths: number[]): AsyncGenerator<Uint8Array> {
  for (const length of lengths) yield Promise.resolve(new Uint8Array(length).fill(length));
}

async function lengthOf(
  derived: DerivedFrames,
  of: InstanceRecord,
  frameNumber: number,
): Promise<number | undefined> {
  return (await derived.find({ partition: 1, record: of, frameNumber }))?.length;
}

const filesIn = (directory: string): string[] =>
  readdirSync(directory).filter((name) => name !== 'POSITION');

describe('frames that were encoded ahead', () => {
  test('come back, also after a restart, for the state of the instance that they were made of', async () => {
    const directory = temporaryDirectory();
    const first = await DerivedFrames.open(directory, roomy);
    await first.keep(1, record(1), framesOf(3, 0, 70));
    const again = await DerivedFrames.open(directory, roomy);
    assert.equal(again.bytes, first.bytes);
    assert.deepEqual(
      await again.find({ partition: 1, record: record(1), frameNumber: 3 }),
      new Uint8Array(70).fill(70),
    );
    assert.equal(await lengthOf(again, record(1), 2), 0);
    assert.equal(await lengthOf(again, record(1), 4), undefined);
    assert.equal(await lengthOf(again, record(1, 9), 1), undefined);
    assert.equal(await lengthOf(again, record(2), 1), undefined);
  });

  test('never take more bytes than they may; what was used longest ago goes', async () => {
    const directory = temporaryDirectory();
    const derived = await DerivedFrames.open(directory, 1000);
    for (const number of [1, 2, 3]) await derived.keep(1, record(number), framesOf(200, 50));
    assert.equal(await lengthOf(derived, record(1), 1), 200);
    await derived.keep(1, record(4), framesOf(200, 50));
    assert.equal(await lengthOf(derived, record(1), 1), 200);
    assert.equal(await lengthOf(derived, record(2), 1), undefined);
    const onDisk = filesIn(directory).reduce(
      (sum, name) => sum + readFileSync(join(directory, name)).length,
      0,
    );
    assert.equal(derived.bytes, onDisk);
    assert.ok(onDisk <= 1000);
    const fewer = await DerivedFrames.open(directory, 500);
    assert.ok(fewer.bytes <= 500);
  });

  test('what does not fit at all, or cannot be made, leaves nothing behind', async () => {
    const directory = temporaryDirectory();
    const derived = await DerivedFrames.open(directory, 1000);
    const isFull = (error: unknown): boolean =>
      error instanceof GantryError && error.code === 'out-of-resources';
    await assert.rejects(derived.keep(1, record(1), framesOf(600, 600)), isFull);
    await assert.rejects(derived.keep(1, record(2), failing()), /cannot/);
    assert.deepEqual([derived.bytes, filesIn(directory)], [0, []]);

    async function* failing(): AsyncGenerator<Uint8Array> {
      yield Promise.resolve(new Uint8Array(10));
      throw new Error('cannot');
    }
  });

  test('the reserve of the disk is not used for them', async () => {
    const directory = temporaryDirectory();
    let freeBytes = 1000;
    const take = (bytes: number): void => {
      if (bytes > freeBytes) throw new GantryError('storage-full', 'a reserve');
      freeBytes -= bytes;
    };
    const derived = await DerivedFrames.open(directory, roomy, { take });
    await derived.keep(1, record(1), framesOf(200));
    const files = filesIn(directory);
    await assert.rejects(derived.keep(1, record(2), framesOf(200, 900)), { code: 'storage-full' });
    assert.deepEqual(filesIn(directory), files);
    assert.equal(await lengthOf(derived, record(1), 1), 200);
  });

  test('damage anywhere in a file is noticed, and the file is given up', async () => {
    const directory = temporaryDirectory();
    const [name, whole] = await (async () => {
      const derived = await DerivedFrames.open(directory, roomy);
      await derived.keep(1, record(1), framesOf(30));
      const [file] = filesIn(directory);
      return [join(directory, file!), readFileSync(join(directory, file!))] as const;
    })();
    const sequenceAt = whole.length - 16;
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at]! ^= 0x10;
      writeFileSync(name, changed);
      const derived = await DerivedFrames.open(directory, roomy);
      assert.equal(await lengthOf(derived, record(1), 1), undefined, `byte ${at}`);
      const isOtherState = at >= sequenceAt && at < sequenceAt + 8;
      assert.equal(filesIn(directory).length, isOtherState ? 1 : 0, `byte ${at}`);
    }
    writeFileSync(name, whole.subarray(0, 20));
    const derived = await DerivedFrames.open(directory, roomy);
    assert.equal(await lengthOf(derived, record(1), 1), undefined);
  });

  test('drafts of a process that was killed are removed', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'x.frames.draft'), 'half');
    const derived = await DerivedFrames.open(directory, roomy);
    assert.deepEqual([derived.bytes, filesIn(directory)], [0, []]);
  });
});
