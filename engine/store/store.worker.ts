import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { assert } from '#engine/base/assert.js';
import type { IndexFeed, StoreReply, StoreRequest } from '#engine/threads/task-messages.js';
import { borrowCatalog } from './borrow-catalog.js';
import { createGroupLoop } from './store-thread.js';
import type { StoreThreadData } from './store-thread.js';

/**
 * The store thread: the only writer of the catalogue and the blob log. It answers `ready` when it takes requests and `closed`
 * when it has committed all that came before `close`; then it ends by itself, and only then may the database be closed.
 */
const port = parentPort;
assert(port !== null, 'the store runs in a worker thread');

const data = workerData as StoreThreadData;
const database = await borrowCatalog(data.databasePort);
// The store could not be opened, which who opened it says.
if (database === undefined) process.exit();
const loop = createGroupLoop(data, database, (detail) =>
  port.postMessage({ kind: 'problem', text: 'the last segment is damaged', detail }),
);
const spillReplyPort = data.spillReplyPort ?? port;
const reply = (message: StoreReply): void => {
  const isOfSpill = message.kind === 'spilled' || message.kind === 'spill-failed';
  (isOfSpill ? spillReplyPort : port).postMessage(message);
};

const feed = (message: IndexFeed): void => data.indexPort?.postMessage(message);

/** Short against what a step waits for at least; a look at the clock costs nothing. */
const reclaimIntervalMs = 20;
const timer = setInterval(() => {
  loop.reclaim({ receive: () => undefined, reply, feed });
}, reclaimIntervalMs);

port.on('message', (first: StoreRequest) => {
  let unread: StoreRequest | undefined = first;
  const isClosing = loop.run({
    receive: () => {
      const message = unread ?? (receiveMessageOnPort(port)?.message as StoreRequest | undefined);
      unread = undefined;
      return message;
    },
    reply,
    feed,
  });
  if (!isClosing) return;
  clearInterval(timer);
  void loop.close().then(() => {
    reply({ kind: 'closed' });
    data.indexPort?.close();
    spillReplyPort.close();
    port.close();
  });
});

reply({ kind: 'ready', sequence: loop.sequence });
