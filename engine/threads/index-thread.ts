import { Worker } from 'node:worker_threads';
import type { IndexThreadData } from '#engine/index/index-thread.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { QueryExpression, QueryPage } from '#engine/query/query-expression.js';
import type { IndexReply, IndexRequest } from './task-messages.js';

export interface IndexThreadStart extends IndexThreadData {
  readonly onFailed: (reason: string) => void;
  /** The index was unusable and is made anew; queries wait meanwhile. */
  readonly onRebuilding: (reason: string) => void;
}

/** Main side of the thread that owns DuckDB. */
export class IndexThread {
  readonly #worker: Worker;
  readonly #options: IndexThreadStart;
  readonly #queries = new Map<number, PendingQuery>();
  #nextQueryId = 1;
  #appliedSequence = 0;
  #failure: GantryError | undefined;
  #hasStarted = false;
  #hasEnded = false;
  #onClosed: (() => void) | undefined;

  private constructor(options: IndexThreadStart) {
    this.#options = options;
    const { onFailed: _, onRebuilding: __, ...workerData } = options;
    this.#worker = new Worker(new URL('../index/index.worker.js', import.meta.url), {
      name: 'index',
      workerData,
      transferList: [options.feedPort, options.databasePort],
      // Rows of a write are short-lived garbage; a nursery of the default 48 MiB would stay resident for them.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
  }

  /**
   * Starts the thread; resolves when the index is open, however far it is behind the change log. The thread has ended when this
   * rejects.
   */
  static async start(options: IndexThreadStart): Promise<IndexThread> {
    const thread = new IndexThread(options);
    const failure = await new Promise<GantryError | undefined>((resolve) =>
      thread.#listen(resolve),
    );
    if (failure === undefined) {
      thread.#hasStarted = true;
      return thread;
    }
    await thread.close();
    throw failure;
  }

  get appliedSequence(): number {
    return this.#appliedSequence;
  }

  /** One page of keys that takes everything up to `sequence` into account. */
  query(query: QueryExpression, sequence: number, signal?: AbortSignal): Promise<QueryPage> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    // The event that would cancel it has been.
    if (signal?.aborted === true) return Promise.reject(new GantryError('aborted'));
    const queryId = this.#nextQueryId++;
    return new Promise((resolve, reject) => {
      const cancel = (): void => this.#post({ kind: 'cancel', queryId });
      signal?.addEventListener('abort', cancel, { once: true });
      const settle = (): void => signal?.removeEventListener('abort', cancel);
      this.#queries.set(queryId, { resolve, reject, settle });
      this.#post({ kind: 'query', queryId, sequence, query });
    });
  }

  /** Interrupts what runs, closes DuckDB, ends the thread; one that has failed still has the catalogue open. */
  close(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#post({ kind: 'close' });
    });
  }

  #post(message: IndexRequest): void {
    this.#worker.postMessage(message);
  }

  #listen(onStarted: (failure?: GantryError) => void): void {
    this.#worker.on('message', (reply: IndexReply) => this.#onReply(reply, onStarted));
    this.#worker.on('error', (cause) => {
      const error = new GantryError('store-unavailable', 'the index thread died', { cause });
      this.#fail(error);
      onStarted(error);
    });
    this.#worker.on('exit', () => {
      this.#hasEnded = true;
      const error = new GantryError('store-unavailable', 'the index thread ended');
      this.#fail(error);
      onStarted(error);
      this.#onClosed?.();
    });
  }

  #onReply(reply: IndexReply, onStarted: (failure?: GantryError) => void): void {
    switch (reply.kind) {
      case 'ready':
        this.#appliedSequence = reply.sequence;
        onStarted();
        return;
      case 'applied':
        this.#appliedSequence = reply.sequence;
        return;
      case 'rebuilding':
        this.#options.onRebuilding(reply.detail);
        return;
      case 'page':
        this.#take(reply.queryId)?.resolve(reply.page);
        return;
      case 'query-failed':
        this.#take(reply.queryId)?.reject(new GantryError(reply.code, reply.detail));
        return;
      case 'failed': {
        const failure = new GantryError('store-unavailable', reply.detail);
        this.#fail(failure);
        onStarted(failure);
        return;
      }
      case 'closed':
        return;
    }
  }

  #take(queryId: number): PendingQuery | undefined {
    const pending = this.#queries.get(queryId);
    this.#queries.delete(queryId);
    pending?.settle();
    return pending;
  }

  #fail(failure: GantryError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    for (const queryId of [...this.#queries.keys()]) this.#take(queryId)?.reject(failure);
    if (this.#hasStarted && this.#onClosed === undefined) this.#options.onFailed(failure.message);
  }
}

interface PendingQuery {
  readonly resolve: (page: QueryPage) => void;
  readonly reject: (error: GantryError) => void;
  readonly settle: () => void;
}
