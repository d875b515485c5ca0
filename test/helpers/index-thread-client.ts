import { once } from 'node:events';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import type { IndexThreadData } from '#engine/index/index-thread.js';
import type { QueryExpression } from '#engine/query/query-expression.js';
import { lendHandle } from '#engine/threads/lend-handle.js';
import type { IndexFeed, IndexReply, IndexRequest } from '#engine/threads/task-messages.js';

type Reply<Kind extends IndexReply['kind']> = IndexReply & { readonly kind: Kind };
type QueryReply = Reply<'page'> | Reply<'query-failed'>;

const workerUrl = new URL('../../engine/index/index.worker.js', import.meta.url);

interface IndexOfDatabase {
  readonly path: string;
  readonly databaseHandle: bigint;
}

/** Plays main and the store thread for a real index thread. */
export class IndexThreadClient {
  readonly #worker: Worker;
  readonly #feedPort: MessagePort;
  readonly #replies: IndexReply[] = [];
  #waiters: (() => void)[] = [];
  #lastQueryId = 0;

  constructor({ path, databaseHandle }: IndexOfDatabase, queryTimeoutMs = 20_000) {
    const { port1, port2 } = new MessageChannel();
    const workerData: IndexThreadData = {
      path,
      databasePort: lendHandle(Promise.resolve(databaseHandle)),
      memoryBytesMax: 128 * 1024 * 1024,
      threadCount: 1,
      queryTimeoutMs,
      feedPort: port2,
    };
    this.#feedPort = port1;
    this.#worker = new Worker(workerUrl, {
      workerData,
      transferList: [workerData.databasePort, port2],
    });
    this.#worker.on('message', (reply: IndexReply) => {
      this.#replies.push(reply);
      for (const wake of this.#waiters.splice(0)) wake();
    });
  }

  feed(feed: IndexFeed): void {
    this.#feedPort.postMessage(feed);
  }

  /** Posts a query that needs `sequence`; `answer` gets its reply. */
  post(query: QueryExpression, sequence: number): number {
    this.#lastQueryId += 1;
    this.#send({ kind: 'query', queryId: this.#lastQueryId, sequence, query });
    return this.#lastQueryId;
  }

  cancel(queryId: number): void {
    this.#send({ kind: 'cancel', queryId });
  }

  answer(queryId: number): Promise<QueryReply> {
    return this.#next(
      (reply) =>
        (reply.kind === 'page' || reply.kind === 'query-failed') && reply.queryId === queryId,
    ) as Promise<QueryReply>;
  }

  async query(query: QueryExpression, sequence: number): Promise<QueryReply> {
    return this.answer(this.post(query, sequence));
  }

  /** The next reply of this kind; others stay for later. */
  reply<Kind extends IndexReply['kind']>(kind: Kind): Promise<Reply<Kind>> {
    return this.#next((reply) => reply.kind === kind) as Promise<Reply<Kind>>;
  }

  async stop(): Promise<void> {
    const exit = once(this.#worker, 'exit');
    this.#send({ kind: 'close' });
    await this.reply('closed');
    await exit;
    this.#feedPort.close();
  }

  #send(request: IndexRequest): void {
    this.#worker.postMessage(request);
  }

  async #next(isWanted: (reply: IndexReply) => boolean): Promise<IndexReply> {
    for (;;) {
      const position = this.#replies.findIndex(isWanted);
      const [reply] = position < 0 ? [] : this.#replies.splice(position, 1);
      if (reply !== undefined) return reply;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }
}
