import { once } from 'node:events';
import { MessageChannel, Worker } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import type { ParsedInstance } from '#engine/dicom/instance/parsed-instance.js';
import { openStore } from '#engine/store/open-store.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import { lendHandle } from '#engine/threads/lend-handle.js';
import type { StoreThreadData } from '#engine/store/store-thread.js';
import {
  defaultStoreThreadOptions,
  type StoreThreadOptions,
} from '#engine/store/store-thread-options.js';
import type {
  CommitOutcome,
  CommitRequest,
  DeleteRequest,
  DeleteResult,
  IndexFeed,
  StoreReply,
  StoreRequest,
} from '#engine/threads/task-messages.js';

type Reply<Kind extends StoreReply['kind']> = StoreReply & { readonly kind: Kind };

/** The answer to a piece of a spill. */
export type SpilledReply = Reply<'spilled'>;

const workerUrl = new URL('../../engine/store/store.worker.js', import.meta.url);
const arenaBytes = 64 * 1024 * 1024;
const blockBytes = 1024 * 1024;

const running = new Set<StoreThreadClient>();

/** Stops what a failed test left running, so that its process can end. */
export async function stopRunningClients(): Promise<void> {
  for (const client of [...running]) await client.stop();
}

/** Plays main for a real store thread: fills the arena, posts requests, collects the answers. */
export class StoreThreadClient {
  readonly store: OpenedStore;
  readonly feeds: IndexFeed[] = [];
  readonly replies: StoreReply[] = [];
  readonly #worker: Worker;
  readonly #feedPort: MessagePort;
  readonly #arena: Uint8Array;
  #arenaUsed = 0;
  #lastCommitId = 0;
  #waiters: (() => void)[] = [];
  readonly #outcomes = new Map<number, (result: CommitOutcome['result']) => void>();

  private constructor(
    store: OpenedStore,
    worker: Worker,
    feedPort: MessagePort,
    arena: Uint8Array,
  ) {
    this.store = store;
    this.#worker = worker;
    this.#feedPort = feedPort;
    this.#arena = arena;
    feedPort.on('message', (feed: IndexFeed) => this.feeds.push(feed));
    worker.on('message', (reply: StoreReply) => {
      if (reply.kind === 'committed') this.#settle(reply.outcomes);
      else this.replies.push(reply);
      for (const wake of this.#waiters.splice(0)) wake();
    });
  }

  static async start(
    directory: string,
    options: Partial<StoreThreadOptions> = {},
  ): Promise<StoreThreadClient> {
    const store = await openStore({ directory });
    const arena = new SharedArrayBuffer(arenaBytes);
    const { port1, port2 } = new MessageChannel();
    const workerData: StoreThreadData = {
      arena,
      directory,
      databasePort: lendHandle(Promise.resolve(store.database.handle)),
      options: { ...defaultStoreThreadOptions, segmentsAhead: 0, ...options },
      indexPort: port2,
    };
    const worker = new Worker(workerUrl, {
      workerData,
      transferList: [workerData.databasePort, port2],
    });
    const client = new StoreThreadClient(store, worker, port1, new Uint8Array(arena));
    running.add(client);
    await client.reply('ready');
    return client;
  }

  /** Puts an instance into the arena and makes a request of it; `post` it. */
  request(instance: ParsedInstance, received: Uint8Array, partition = 0): CommitRequest {
    this.#lastCommitId += 1;
    const extents: { offset: number; length: number }[] = [];
    for (let at = 0; at < received.length; at += blockBytes) {
      const piece = received.subarray(at, at + blockBytes);
      extents.push({ offset: this.#take(piece), length: piece.length });
    }
    return {
      kind: 'commit',
      overwrite: 'never',
      commitId: this.#lastCommitId,
      partition,
      instance,
      source: { kind: 'arena', extents, length: received.length },
    };
  }

  /** Request for the next piece of a spill. */
  spillRequest(spillId: number, piece: Uint8Array): StoreRequest {
    const extents = [{ offset: this.#take(piece), length: piece.length }];
    return { kind: 'spill', spillId, extents };
  }

  /** Request to commit what `spilled` told of. */
  spilledRequest(instance: ParsedInstance, spilled: Reply<'spilled'>): CommitRequest {
    this.#lastCommitId += 1;
    const { spillId, path, offset, length } = spilled;
    return {
      kind: 'commit',
      overwrite: 'never',
      commitId: this.#lastCommitId,
      partition: 0,
      instance,
      source: { kind: 'file', path, offset, length },
      spillId,
    };
  }

  post(request: StoreRequest): void {
    this.#worker.postMessage(request);
  }

  /** Posts the requests together and waits for all outcomes, which come in the order of the requests. */
  commit(requests: readonly CommitRequest[]): Promise<CommitOutcome['result'][]> {
    const results = requests.map(
      ({ commitId }) =>
        new Promise<CommitOutcome['result']>((resolve) => this.#outcomes.set(commitId, resolve)),
    );
    for (const request of requests) this.post(request);
    return Promise.all(results);
  }

  /** Deletes what `target` names and waits for the end of it. */
  delete(target: Omit<DeleteRequest, 'kind' | 'deleteId'>): Promise<DeleteResult> {
    return this.#postDeletion('delete', target);
  }

  /** Takes back what was deleted of `target` and waits for the end of it. */
  undelete(target: Omit<DeleteRequest, 'kind' | 'deleteId'>): Promise<DeleteResult> {
    return this.#postDeletion('undelete', target);
  }

  async #postDeletion(
    kind: 'delete' | 'undelete',
    target: Omit<DeleteRequest, 'kind' | 'deleteId'>,
  ): Promise<DeleteResult> {
    this.#lastCommitId += 1;
    const deleteId = this.#lastCommitId;
    this.post({ kind, deleteId, ...target });
    const reply = await this.#next((each) => each.kind === 'deleted' && each.deleteId === deleteId);
    return (reply as Reply<'deleted'>).result;
  }

  /** The next reply of this kind; others stay for later. */
  reply<Kind extends StoreReply['kind']>(kind: Kind): Promise<Reply<Kind>> {
    return this.#next((reply) => reply.kind === kind) as Promise<Reply<Kind>>;
  }

  /** The next answer to a piece of the spill; rejects when it could not be written. */
  async spilled(spillId: number): Promise<Reply<'spilled'>> {
    const reply = await this.#next(
      (each) =>
        (each.kind === 'spilled' || each.kind === 'spill-failed') && each.spillId === spillId,
    );
    if (reply.kind !== 'spilled') throw new Error('the spill failed');
    return reply;
  }

  async stop(): Promise<void> {
    running.delete(this);
    const exit = once(this.#worker, 'exit');
    this.post({ kind: 'close' });
    await this.reply('closed');
    await exit;
    this.#feedPort.close();
    await this.store.close();
  }

  async #next(isWanted: (reply: StoreReply) => boolean): Promise<StoreReply> {
    for (;;) {
      const index = this.replies.findIndex(isWanted);
      if (index >= 0) return this.replies.splice(index, 1)[0]!;
      await new Promise<void>((resolve) => this.#waiters.push(resolve));
    }
  }

  #settle(outcomes: readonly CommitOutcome[]): void {
    for (const { commitId, result } of outcomes) {
      this.#outcomes.get(commitId)?.(result);
      this.#outcomes.delete(commitId);
    }
  }

  /** Room in the arena, which is used round and round: what is in flight is far smaller. */
  #take(piece: Uint8Array): number {
    if (this.#arenaUsed + piece.length > this.#arena.length) this.#arenaUsed = 0;
    const offset = this.#arenaUsed;
    this.#arena.set(piece, offset);
    this.#arenaUsed += Math.ceil(piece.length / 8) * 8;
    return offset;
  }
}
