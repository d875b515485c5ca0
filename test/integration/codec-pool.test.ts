import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { compileCodecs } from '#engine/codec/codec-set.js';
import { explicitVrLittleEndianUid } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { CodecPool, type CodecPoolOptions } from '#engine/threads/codec-pool.js';
import type { CodecTask } from '#engine/threads/task-messages.js';
import { frameOf, imageOf } from '#test/helpers/image-frames.js';

const encodings = ['5', '4.80', '4.90', '4.201'].map((suffix) => `1.2.840.10008.1.2.${suffix}`);
const options: CodecPoolOptions = { threads: 2, queueMax: 200, frameTimeoutMs: 60_000 };
const pools: CodecPool[] = [];

/** Workers of the pools under test, the newest last. */
const workers: Worker[] = [];
process.on('worker', (worker) => workers.push(worker));

function openPool(changes: Partial<CodecPoolOptions> = {}): CodecPool {
  const pool = new CodecPool(compileCodecs, { ...options, ...changes });
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close();
});

const image = imageOf({ rows: 60, columns: 70, bitsStored: 12 });

/** A native frame of its own, to be encoded. */
function encoding(seed: number, toUid: string): () => Promise<CodecTask> {
  const fromUid = explicitVrLittleEndianUid;
  return () => Promise.resolve({ frame: frameOf(image, seed), image, fromUid, toUid });
}

function decoding(frame: Uint8Array, fromUid: string): () => Promise<CodecTask> {
  return () => Promise.resolve({ frame, image, fromUid, toUid: explicitVrLittleEndianUid });
}

/** So large that a codec works on it for seconds. */
const large = imageOf({ rows: 4000, columns: 4000 });
const slowTask = (): Promise<CodecTask> =>
  Promise.resolve({
    frame: frameOf(large, 1),
    image: large,
    fromUid: explicitVrLittleEndianUid,
    toUid: '1.2.840.10008.1.2.4.90',
  });

describe('the codec pool', () => {
  test('codecs that cannot be compiled fail each frame, and the pool still closes', async () => {
    const pool = new CodecPool(() => Promise.reject(new Error('no memory')), options);
    await assert.rejects(pool.run(encoding(1, encodings[0]!)));
    await pool.close();
  });

  test('64 distinct images at one time never mix', async () => {
    const pool = openPool();
    const roundTrip = async (seed: number): Promise<void> => {
      const uid = encodings[seed % encodings.length]!;
      const codestream = await pool.run(encoding(seed, uid));
      const frame = await pool.run(decoding(codestream, uid));
      assert.ok(Buffer.from(frameOf(image, seed)).equals(frame), `image ${seed}`);
    };
    await Promise.all(Array.from({ length: 64 }, (_, seed) => roundTrip(seed)));
  });

  test('the memory of frames goes round, and none is overwritten while someone has it', async () => {
    const pool = openPool();
    const sized = imageOf({ rows: 200, columns: 256 });
    const [fromUid, toUid] = [encodings[0]!, explicitVrLittleEndianUid];
    const frames = await Promise.all(
      [1, 2, 3].map(async (seed) => {
        const frame = frameOf(sized, seed);
        const task = { frame: frame.slice(), image: sized, fromUid: toUid, toUid: fromUid };
        return { frame, codestream: await pool.run(() => Promise.resolve(task)) };
      }),
    );
    const held: { readonly bytes: Uint8Array; readonly expected: Uint8Array }[] = [];
    for (let n = 0; n < 40; n++) {
      const { frame: expected, codestream } = frames[n % frames.length]!;
      const frame = new Uint8Array(pool.memory.take(codestream.length), 0, codestream.length);
      frame.set(codestream);
      const task = { frame, image: sized, fromUid, toUid };
      const bytes = await pool.run(() => Promise.resolve(task));
      held.push({ bytes, expected });
      if (held.length < 4) continue;
      const oldest = held.shift()!;
      assert.ok(Buffer.from(oldest.expected).equals(oldest.bytes), `frame ${n}`);
      pool.memory.giveBack(oldest.bytes.buffer);
    }
    const { keptBytes } = pool.memory;
    assert.ok(keptBytes > 0 && keptBytes < 10 * frames[0]!.frame.length, `${keptBytes} bytes kept`);
  });

  test('a codestream that is none gives an error, and the thread stays', async () => {
    const pool = openPool({ threads: 1 });
    for (const uid of encodings) {
      const nonsense = pool.run(decoding(new Uint8Array(5000).fill(0x5a), uid));
      await assert.rejects(nonsense, { name: 'GantryError', code: 'not-acceptable' });
    }
    await pool.run(encoding(1, encodings[0]!));
  });

  test('a codec that takes too long is given up, and the others go on', async () => {
    const pool = openPool({ threads: 2, frameTimeoutMs: 2_500 });
    await Promise.all([1, 2].map((seed) => pool.run(encoding(seed, encodings[0]!))));
    const slow = pool.run(slowTask);
    const others = Array.from({ length: 8 }, (_, seed) => pool.run(encoding(seed, encodings[0]!)));
    await assert.rejects(slow, { code: 'timeout' });
    assert.equal((await Promise.all(others)).length, 8);
    await pool.run(encoding(1, encodings[1]!));
  });

  test('a thread that dies fails its frame, cleanly and alone', async () => {
    workers.length = 0;
    const pool = openPool({ threads: 1 });
    await pool.run(encoding(1, encodings[0]!));
    const failing = pool.run(slowTask);
    const waiting = pool.run(encoding(2, encodings[0]!));
    setTimeout(() => void workers[0]!.terminate(), 200);
    await assert.rejects(failing, { code: 'processing-failure' });
    assert.ok((await waiting).length > 0);
  });

  test('the queue has an end', async () => {
    const pool = openPool({ threads: 1, queueMax: 2 });
    const runs = Array.from({ length: 4 }, (_, seed) => pool.run(encoding(seed, encodings[0]!)));
    const results = await Promise.allSettled(runs);
    assert.deepEqual(
      results.map(({ status }) => status),
      ['fulfilled', 'fulfilled', 'fulfilled', 'rejected'],
    );
    await assert.rejects(runs[3]!, { code: 'too-many-requests' });
    assert.equal(pool.queueLength, 0);
  });

  test('work for idle time is taken when nobody has needed a thread, and one piece at a time', async () => {
    const pool = openPool();
    const idle = (idleMs: number): Promise<Uint8Array> | undefined =>
      pool.runIfIdle(idleMs, encoding(1, encodings[0]!));
    const first = idle(0);
    assert.ok(first !== undefined);
    assert.equal(idle(0), undefined, 'one is under way');
    await first;
    assert.ok((await idle(3_600_000)) !== undefined, 'work for idle time is no need');
    const viewer = pool.run(encoding(2, encodings[0]!));
    assert.equal(idle(0), undefined, 'a viewer is served');
    await viewer;
    assert.equal(idle(3_600_000), undefined, 'a viewer was there a moment ago');
    assert.ok((await idle(0)) !== undefined);
  });

  test('a frame that cannot be read gives its thread back', async () => {
    const pool = openPool({ threads: 1 });
    await assert.rejects(
      pool.run(() => Promise.reject(new Error('unread'))),
      /unread/,
    );
    await pool.run(encoding(1, encodings[0]!));
  });
});
