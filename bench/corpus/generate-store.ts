import { join } from 'node:path';

import { BlockChecksummer } from '#engine/base/block-checksums.js';
import { MemoryByteSource } from '#engine/dicom/instance/byte-source.js';
import { describeInstance } from '#engine/dicom/instance/describe-instance.js';
import { DuckdbIndexFile } from '#engine/index/index-file.js';
import type { QueryIndex } from '#engine/index/query-index.js';
import type { GroupLoop } from '#engine/store/commit/group-loop.js';
import { openStore } from '#engine/store/open-store.js';
import { createGroupLoop } from '#engine/store/store-thread.js';
import { defaultStoreThreadOptions } from '#engine/store/store-thread-options.js';
import type { CommitRequest, IndexFeed } from '#engine/threads/task-messages.js';
import type { Corpus } from './corpus.js';

/** Instances of one commit group; their headers and pixels must fit into the arena. */
const GROUP_INSTANCES = 1_000;
const ARENA_BYTES = 16 * 1024 * 1024;
/** Instances whose rows the index gets in one transaction. */
const INDEX_INSTANCES = 20_000;
const INDEX_MEMORY_BYTES = 1024 * 1024 * 1024;
const PARTITION = 0;

/**
 * Stores a whole corpus in a data directory that no server has open, by the code that the threads of a server run: each instance
 * is described, committed in a group with records and ordered keys, and appended to the index. Only the network, the arena's
 * bookkeeping and the acknowledgements are missing, and blobs are values of RocksDB whatever their size. What comes out is a
 * store like any other; `gantry verify` finds nothing to say about it.
 *
 * @param onProgress is told the instances stored so far, after each transaction of the index
 * @throws Error when an instance is not taken
 */
export async function generateStore(
  directory: string,
  corpus: Corpus,
  onProgress: (instanceCount: number) => void = () => undefined,
): Promise<void> {
  const store = await openStore({ directory });
  try {
    const file = new DuckdbIndexFile({
      path: join(directory, 'index.duckdb'),
      memoryBytesMax: INDEX_MEMORY_BYTES,
      threadCount: 1,
    });
    const { index } = await file.open();
    const arena = new SharedArrayBuffer(ARENA_BYTES);
    const options = { ...defaultStoreThreadOptions, blobStore: 'values' } as const;
    const loop = createGroupLoop({ arena, directory, options }, store.database, (damage) => {
      throw new Error(damage);
    });
    try {
      await storeAll(corpus, { arena, loop, index, onProgress });
    } finally {
      await loop.close();
      await index.close();
    }
  } finally {
    await store.close();
  }
}

/** Where instances go. */
interface Generation {
  readonly arena: SharedArrayBuffer;
  readonly loop: GroupLoop;
  readonly index: QueryIndex;
  readonly onProgress: (instanceCount: number) => void;
}

async function storeAll(
  corpus: Corpus,
  { arena, loop, index, onProgress }: Generation,
): Promise<void> {
  let feeds: IndexFeed[] = [];
  for (let start = 0; start < corpus.instanceCount; start += GROUP_INSTANCES) {
    const end = Math.min(start + GROUP_INSTANCES, corpus.instanceCount);
    const requests = await requestsOf(corpus, start, end, arena);
    commit(loop, requests, (feed) => feeds.push(feed));
    if (end % INDEX_INSTANCES > 0 && end < corpus.instanceCount) continue;
    await index.apply(feeds);
    feeds = [];
    onProgress(end);
  }
}

async function requestsOf(
  corpus: Corpus,
  start: number,
  end: number,
  arena: SharedArrayBuffer,
): Promise<CommitRequest[]> {
  const requests: CommitRequest[] = [];
  const memory = new Uint8Array(arena);
  let offset = 0;
  for (let number = start; number < end; number++) {
    const { header, pixelData } = corpus.instance(number);
    const length = header.length + pixelData.length;
    if (offset + length > memory.length) throw new Error('the images are too large to generate');
    memory.set(header, offset);
    memory.set(pixelData, offset + header.length);
    requests.push(await requestOf(number, memory.subarray(offset, offset + length)));
    offset += length;
  }
  return requests;
}

async function requestOf(number: number, bytes: Uint8Array): Promise<CommitRequest> {
  const described = await describeInstance(new MemoryByteSource([bytes]));
  if (!described.ok) throw described.error;
  const checksums = new BlockChecksummer();
  checksums.add(bytes);
  const { crc32 } = checksums;
  const instance = { ...described.instance, crc32, blockChecksums: checksums.finish() };
  const extents = [{ offset: bytes.byteOffset, length: bytes.length }];
  return {
    kind: 'commit',
    overwrite: 'never',
    commitId: number,
    partition: PARTITION,
    instance,
    source: { kind: 'arena', extents, length: bytes.length },
  };
}

function commit(
  loop: GroupLoop,
  requests: readonly CommitRequest[],
  feed: (message: IndexFeed) => void,
): void {
  let received = 0;
  let storedCount = 0;
  loop.run({
    receive: () => requests[received++],
    reply: (message) => {
      if (message.kind !== 'committed') return;
      storedCount += message.outcomes.filter(({ result }) => result === 'stored').length;
    },
    feed,
  });
  if (storedCount !== requests.length) throw new Error('an instance was not stored');
}
