import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '#engine/base/assert.js';
import { borrowCatalog } from '#engine/store/borrow-catalog.js';
import { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { IndexFeed, IndexReply, IndexRequest } from '#engine/threads/task-messages.js';
import { CatalogFeedSource } from './catalog-feed-source.js';
import { DuckdbIndexFile } from './index-file.js';
import { IndexService } from './index-service.js';
import type { IndexThreadData } from './index-thread.js';

/**
 * The index thread, the only one that loads DuckDB. `workerData` is an `IndexThreadData`; main posts `IndexRequest`s and gets
 * `IndexReply`s:
 *
 * - `ready`, once, when the index is open. It may then be far behind what the catalogue held at the start, when it was missing or
 *   damaged: queries wait for their rows, and what needs no index does not wait for it. Queries may be posted before, too.
 * - For each `query` exactly one `page` or `query-failed`. It sees everything up to the query's `sequence`, for which main sends
 *   the last sequence it was told of by the store thread. A query that waits or runs too long ends with `timeout`, one that is
 *   named by a `cancel` with `aborted` (unless it has ended already).
 * - `applied` after each write, for metrics.
 * - `rebuilding` when the index was unusable and is made anew. The file stays as `path.damaged` until the next one. Queries wait
 *   for their rows, at most their time; those that ran end with `store-unavailable`.
 * - `failed` when that cannot be done; every query ends with `store-unavailable` from then on. `close` still has to be sent.
 * - After `close` running queries end with `store-unavailable`, what was fed is written, and `closed` is the last message. The
 *   thread then ends by itself. It must never be terminated, nor the process exit, before: a running query would abort it.
 *
 * The store thread posts each feed before it acknowledges the commit; queries drain the port, so whoever has seen an
 * acknowledgement finds its instances.
 */
const port = parentPort;
assert(port !== null, 'the index runs in a worker thread');

const data = workerData as IndexThreadData;
const { feedPort } = data;
const database = await borrowCatalog(data.databasePort);
// The store could not be opened, which who opened it says.
if (database === undefined) process.exit();

const service = new IndexService({
  file: new DuckdbIndexFile(data),
  source: new CatalogFeedSource(new CatalogReader(database)),
  receiveFeed: () => receiveMessageOnPort(feedPort)?.message as IndexFeed | undefined,
  reply: (reply: IndexReply) => {
    port.postMessage(reply);
    if (reply.kind !== 'closed') return;
    feedPort.close();
    port.close();
  },
  queryTimeoutMs: data.queryTimeoutMs,
});

feedPort.on('message', (feed: IndexFeed) => service.acceptFeed(feed));
port.on('message', (request: IndexRequest) => service.acceptRequest(request));
service.start();
