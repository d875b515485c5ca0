import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GantryError } from '#engine/base/error-catalogue.js';
import { MemoryBlobStore } from '#engine/store/blob/memory-blob-store.js';
import { SegmentNumbers } from '#engine/store/blob/segment-files.js';
import { SpillFiles } from '#engine/store/blob/spill-files.js';
import type { CommittedGroup } from '#engine/store/commit/committer.js';
import { GroupLoop, type GroupLoopOptions } from '#engine/store/commit/group-loop.js';
import type { CommitRequest, StoreReply, StoreRequest } from '#engine/threads/task-messages.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';
import { temporaryDirectory } from '#test/helpers/temporary-directory.js';

const empty = new Uint8Array(0);

function request(commitId: number, sop: string, length = 1000): CommitRequest {
  return {
    kind: 'commit',
    overwrite: 'never',
    commitId,
    partition: 0,
    instance: buildParsedInstance(empty, { sop }),
    source: { kind: 'arena', extents: [], length },
  };
}

/** Runs the loop over the messages with a committer that notes the groups it is given. */
function run(
  messages: StoreRequest[],
  commit = (group: readonly CommitRequest[]): CommittedGroup => ({
    outcomes: group.map(({ commitId }) => ({ commitId, result: 'stored' })),
    feeds: [],
  }),
  beginDeletion: GroupLoopOptions['beginDeletion'] = () => assert.fail('nothing is deleted'),
): { groups: number[][]; replies: StoreReply[]; isClosing: boolean } {
  const directory = temporaryDirectory();
  const groups: number[][] = [];
  const replies: StoreReply[] = [];
  const blobs = new MemoryBlobStore();
  const loop = new GroupLoop({
    arena: new SharedArrayBuffer(0),
    committer: {
      commit: (group) => {
        groups.push(group.map(({ commitId }) => commitId));
        return commit(group);
      },
    },
    sequence: () => 0,
    beginDeletion,
    takeSnapshot: () => ({ directory: '', tables: [], files: [], pauseMs: 0 }),
    reclaimer: { stepWhenDue: () => undefined, holdFiles: () => undefined, close: () => undefined },
    spills: new SpillFiles(directory, new SegmentNumbers(directory, 0), { take: () => undefined }),
    blobs,
    blobReader: blobs.reader,
    groupInstancesMax: 4,
    groupBytesMax: 10_000,
  });
  const isClosing = loop.run({
    receive: () => messages.shift(),
    reply: (message) => replies.push(message),
    feed: () => undefined,
  });
  return { groups, replies, isClosing };
}

test('what waits together is one group, up to the limits in instances and bytes', () => {
  const sizes = [1000, 1000, 1000, 1000, 1000, 8500, 1000, 50_000, 1000];
  const messages = sizes.map((length, n) => request(n, `1.${n}`, length));
  assert.deepEqual(run(messages).groups, [[0, 1, 2, 3], [4, 5], [6], [7], [8]]);
});

test('two instances with the same UIDs are never in one group', () => {
  const { groups } = run([request(0, '1'), request(1, '2'), request(2, '1'), request(3, '1')]);
  assert.deepEqual(groups, [[0, 1], [2], [3]]);
});

test('all that came before close is committed', () => {
  const { groups, isClosing } = run([request(0, '1'), { kind: 'close' }]);
  assert.deepEqual(groups, [[0]]);
  assert.equal(isClosing, true);
});

test('commits that wait go on between the steps of a deletion', () => {
  const order: string[] = [];
  const { replies } = run(
    [
      { kind: 'delete', deleteId: 7, partition: 0, studyInstanceUid: '1' },
      request(0, '1', 9_000),
      request(1, '2', 9_000),
      { kind: 'delete', deleteId: 8, partition: 0, studyInstanceUid: '2' },
    ],
    (group) => {
      order.push(`commit ${group[0]!.commitId}`);
      return { outcomes: [], feeds: [] };
    },
    ({ deleteId }) => ({
      deleteId,
      instanceCount: 3,
      get isDone() {
        return order.filter((each) => each === `step of ${deleteId}`).length === 3;
      },
      step: () => {
        order.push(`step of ${deleteId}`);
        if (deleteId === 8) throw new GantryError('not-found');
        return undefined;
      },
    }),
  );
  assert.deepEqual(order, [
    ...['step of 7', 'commit 0', 'step of 7', 'commit 1', 'step of 7', 'step of 8'],
  ]);
  const results = replies.flatMap((reply) => (reply.kind === 'deleted' ? [reply.result] : []));
  assert.deepEqual(results, [{ instanceCount: 3 }, { code: 'not-found', detail: '' }]);
});

test('after an error that is not of the catalogue nothing is written any more', () => {
  const messages: StoreRequest[] = [0, 1, 2, 3, 4, 5].map((n) => request(n, `1.${n}`));
  messages.push({ kind: 'spill', spillId: 1, extents: [] });
  const { groups, replies } = run(messages, () => {
    throw new Error('the disk is on fire');
  });
  assert.deepEqual(groups, [[0, 1, 2, 3]]);
  assert.deepEqual(
    replies.map((reply) => reply.kind),
    ['failed', 'committed', 'committed', 'spill-failed'],
  );
  const outcomes = replies.flatMap((reply) => (reply.kind === 'committed' ? reply.outcomes : []));
  assert.equal(outcomes.length, 6);
  for (const { result } of outcomes) {
    assert.equal((result as { code: string }).code, 'store-unavailable');
  }
});
