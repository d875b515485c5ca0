import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { compileCodecs } from '#engine/codec/codec-set.js';
import { explicitVrLittleEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { CodecPool } from '#engine/threads/codec-pool.js';
import { ParsePool } from '#engine/threads/parse-pool.js';
import type { CodecTask } from '#engine/threads/task-messages.js';
import { frameOf, imageOf } from '#test/helpers/image-frames.js';
import { buildRetrieveFixture } from '#test/helpers/retrieve-fixtures.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const image = imageOf();
/** So large that the encoder works on it for seconds. */
const large = imageOf({ rows: 4000, columns: 4000 });

function encoding(of: typeof image): () => Promise<CodecTask> {
  const [fromUid, toUid] = [explicitVrLittleEndianUid, '1.2.840.10008.1.2.4.90'];
  return () => Promise.resolve({ frame: frameOf(of, 1), image: of, fromUid, toUid });
}

describe('the pools of ingest and of viewers are apart', () => {
  test('a frame is served while all parse threads are taken, and many instances wait for them', async (t) => {
    const parsePool = new ParsePool(new SharedArrayBuffer(1024 * 1024), 1);
    t.after(() => parsePool.close());
    const codecPool = openCodecPool();
    t.after(() => codecPool.close());
    // Whoever opens a pipe to read it stands still until someone writes.
    const path = join(temporaryDirectory(), 'pipe');
    execFileSync('mkfifo', [path]);
    let parsed = 0;
    const source = { kind: 'file', path, offset: 0, length: 100 } as const;
    const burst: Promise<unknown>[] = [];
    for (let n = 0; n < 50; n++) {
      burst.push(parsePool.parse({ source }).then(() => parsed++));
      await Promise.resolve();
    }
    assert.ok((await codecPool.run(encoding(image))).length > 0);
    assert.equal(parsed, 0);
    let isOver = false;
    const all = Promise.all(burst).then(() => (isOver = true));
    while (!isOver) {
      closeSync(openSync(path, 'r+'));
      await new Promise(setImmediate);
    }
    await all;
    assert.equal(parsed, 50);
  });

  test('an instance is parsed while all codec threads are taken', async (t) => {
    const parsePool = new ParsePool(new SharedArrayBuffer(1024 * 1024), 1);
    t.after(() => parsePool.close());
    const codecPool = openCodecPool();
    const isDone = [false, false];
    const slow = isDone.map((_, n) =>
      codecPool.run(encoding(large)).then(
        () => (isDone[n] = true),
        () => undefined,
      ),
    );
    const { part10 } = await buildRetrieveFixture({ seed: '71' });
    const path = join(temporaryDirectory(), 'instance.dcm');
    writeFileSync(path, part10);
    const source = { kind: 'file', path, offset: 0, length: part10.length } as const;
    const result = await parsePool.parse({ source });
    assert.equal(result.ok, true);
    assert.deepEqual(isDone, [false, false]);
    await codecPool.close();
    await Promise.all(slow);
  });
});

function openCodecPool(): CodecPool {
  return new CodecPool(compileCodecs, { threads: 2, queueMax: 10, frameTimeoutMs: 60_000 });
}
