import { test } from 'node:test';
import assert from 'node:assert/strict';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { FeedSource } from '#engine/index/feed-source.js';
import type { IndexFile } from '#engine/index/index-file.js';
import { IndexService } from '#engine/index/index-service.js';
import { MemoryQueryIndex } from '#engine/index/memory-query-index.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import type { IndexFeed, IndexReply } from '#engine/threads/task-messages.js';
import { feedOfRecords, studyRecord } from '#test/helpers/record-builder.js';

const all: QueryExpression = {
  partition: 0,
  level: 'study',
  conditions: [],
  limit: 100_000,
  offset: 0,
};

/** One study a sequence. */
const feedAt = (sequence: number): IndexFeed =>
  feedOfRecords(sequence, { studies: [studyRecord(`1.${sequence}`, sequence)] });

class FakeCatalogue implements FeedSource {
  readonly feeds: IndexFeed[] = [];
  replayCount = 0;

  lastSequence(): number {
    return this.feeds.at(-1)?.sequence ?? 0;
  }

  *replay(afterSequence: number): Generator<IndexFeed> {
    this.replayCount++;
    for (let i = 0; i < this.feeds.length; i++) {
      const feed = this.feeds[i];
      if (feed !== undefined && feed.sequence > afterSequence) yield feed;
    }
  }
}

class FakeFile implements IndexFile {
  index = new MemoryQueryIndex();
  asideCount = 0;

  async open(): Promise<{ readonly index: MemoryQueryIndex }> {
    return { index: this.index };
  }

  async setAside(): Promise<void> {
    this.asideCount++;
    this.index = new MemoryQueryIndex();
  }
}

interface Harness {
  readonly service: IndexService;
  readonly catalogue: FakeCatalogue;
  readonly file: FakeFile;
  /** Feeds that wait on the port. */
  readonly port: IndexFeed[];
  reply<Kind extends IndexReply['kind']>(kind: Kind): Promise<IndexReply & { kind: Kind }>;
}

function start(sequence = 0): Harness {
  const replies: IndexReply[] = [];
  let wake = (): void => undefined;
  const catalogue = new FakeCatalogue();
  for (let i = 1; i <= sequence; i++) catalogue.feeds.push(feedAt(i));
  const file = new FakeFile();
  const port: IndexFeed[] = [];
  const service = new IndexService({
    file,
    source: catalogue,
    receiveFeed: () => port.shift(),
    reply: (reply) => {
      replies.push(reply);
      wake();
    },
    queryTimeoutMs: 5_000,
  });
  service.start();
  const reply = async (kind: IndexReply['kind']): Promise<IndexReply> => {
    for (;;) {
      const position = replies.findIndex((each) => each.kind === kind);
      const [found] = position < 0 ? [] : replies.splice(position, 1);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  };
  return { service, catalogue, file, port, reply: reply as Harness['reply'] };
}

async function stop({ service, reply }: Harness): Promise<void> {
  service.acceptRequest({ kind: 'close' });
  await reply('closed');
}

test('is ready before it has what the catalogue holds', async () => {
  const harness = start(3);
  assert.equal((await harness.reply('ready')).sequence, 0);
  for (const sequence of [1, 2, 3]) {
    assert.equal((await harness.reply('applied')).sequence, sequence);
  }
  await stop(harness);
});

test('a query drains the port and sees what it asks for', async () => {
  const harness = start();
  await harness.reply('ready');
  harness.port.push(feedAt(1), feedAt(2));
  harness.service.acceptRequest({ kind: 'query', queryId: 1, sequence: 2, query: all });
  assert.equal((await harness.reply('page')).page.keys.length, 2);
  assert.equal((await harness.reply('applied')).sequence, 2);
  await stop(harness);
});

test('feeds are written after a while without any query', async () => {
  const harness = start();
  await harness.reply('ready');
  harness.service.acceptFeed(feedAt(1));
  assert.equal((await harness.reply('applied')).sequence, 1);
  await stop(harness);
});

test('an index that cannot be written is replaced and filled from the catalogue', async () => {
  const harness = start(2);
  await harness.reply('ready');
  harness.file.index.apply = async () => {
    throw new GantryError('corrupt', 'on purpose');
  };
  harness.catalogue.feeds.push(feedAt(3));
  harness.service.acceptFeed(feedAt(3));
  harness.service.acceptRequest({ kind: 'query', queryId: 1, sequence: 3, query: all });
  assert.equal((await harness.reply('page')).page.keys.length, 3);
  await harness.reply('rebuilding');
  assert.equal(harness.file.asideCount, 1);
  await stop(harness);
});

test('an index that cannot be read is replaced', async () => {
  const harness = start(2);
  await harness.reply('ready');
  harness.file.index.query = async () => {
    throw new GantryError('corrupt', 'on purpose');
  };
  harness.service.acceptRequest({ kind: 'query', queryId: 1, sequence: 2, query: all });
  assert.equal((await harness.reply('query-failed')).code, 'store-unavailable');
  await harness.reply('rebuilding');
  harness.service.acceptRequest({ kind: 'query', queryId: 2, sequence: 2, query: all });
  assert.equal((await harness.reply('page')).page.keys.length, 2);
  await stop(harness);
});

test('an index that can never be written fails, and queries with it', async () => {
  const harness = start(2);
  await harness.reply('ready');
  harness.file.open = async () => {
    const index = new MemoryQueryIndex();
    index.apply = async () => {
      throw new GantryError('corrupt', 'on purpose');
    };
    return { index };
  };
  harness.file.index.apply = async () => {
    throw new GantryError('corrupt', 'on purpose');
  };
  harness.catalogue.feeds.push(feedAt(3));
  harness.service.acceptFeed(feedAt(3));
  harness.service.acceptRequest({ kind: 'query', queryId: 1, sequence: 3, query: all });
  await harness.reply('failed');
  assert.equal((await harness.reply('query-failed')).code, 'store-unavailable');
  await stop(harness);
});

test('a catalogue that cannot be read fails the index instead of replacing it', async () => {
  const harness = start(1);
  harness.catalogue.lastSequence = () => {
    throw new GantryError('corrupt', 'on purpose');
  };
  await harness.reply('failed');
  assert.equal(harness.file.asideCount, 0);
  await stop(harness);
});

test('feeds that pile up are dropped and read from the catalogue', async () => {
  const harness = start();
  await harness.reply('ready');
  const count = 30;
  for (let i = 1; i <= count; i++) {
    const studies = Array.from({ length: 1_000 }, (_, n) => studyRecord(`1.${i}.${n}`, i));
    const feed = feedOfRecords(i, { studies });
    harness.catalogue.feeds.push(feed);
    harness.port.push(feed);
  }
  const replayCount = harness.catalogue.replayCount;
  harness.service.acceptRequest({ kind: 'query', queryId: 1, sequence: count, query: all });
  assert.equal((await harness.reply('page')).page.keys.length, count * 1_000);
  assert.equal(harness.catalogue.replayCount, replayCount + 1);
  await stop(harness);
});

test('more queries than can wait are refused', async () => {
  const harness = start();
  await harness.reply('ready');
  for (let queryId = 1; queryId <= 1_001; queryId++) {
    harness.service.acceptRequest({ kind: 'query', queryId, sequence: 9, query: all });
  }
  const refused = await harness.reply('query-failed');
  assert.deepEqual([refused.queryId, refused.code], [1_001, 'too-many-requests']);
  await stop(harness);
});
