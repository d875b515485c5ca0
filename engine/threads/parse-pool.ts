import { Piscina } from 'piscina';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { ParseRequest, ParseResult, ParseTask } from './task-messages.js';

/** Tasks waiting for a worker; the arena bounds the bytes, this bounds what Piscina keeps for each. */
const queuedTasksMax = 4096;

/**
 * The Piscina pool that looks inside data sets. Instances completed in one turn of the event loop share one task: posting costs
 * about 10 µs whatever it carries.
 */
export class ParsePool {
  readonly #pool: Piscina<ParseTask, ParseResult[]>;
  #batch: PendingParse[] = [];

  constructor(arena: SharedArrayBuffer, threads: number) {
    this.#pool = new Piscina<ParseTask, ParseResult[]>({
      filename: new URL('../workers/ingest.worker.js', import.meta.url).href,
      // The others start when there is work for them.
      minThreads: 1,
      maxThreads: threads,
      maxQueue: queuedTasksMax,
      concurrentTasksPerWorker: 2,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData: { arena },
      // Parsing leaves short-lived garbage; a small nursery is collected in cache and keeps RSS down.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    // A worker that dies rejects its task; the pool's own event would otherwise end the process.
    this.#pool.on('error', () => undefined);
  }

  get queueLength(): number {
    return this.#pool.queueSize;
  }

  /** Parses one instance. Rejects only when the worker died or the queue is full. */
  parse(request: ParseRequest): Promise<ParseResult> {
    return new Promise((resolve, reject) => {
      this.#batch.push({ request, resolve, reject });
      if (this.#batch.length === 1) queueMicrotask(() => this.#postBatch());
    });
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }

  #postBatch(): void {
    const batch = this.#batch;
    this.#batch = [];
    this.#pool.run({ instances: batch.map((pending) => pending.request) }).then(
      (results) => batch.forEach((pending, index) => pending.resolve(results[index]!)),
      (cause: unknown) => {
        const error = isQueueFull(cause)
          ? new GantryError('out-of-resources', 'the parse queue is full', { cause })
          : new GantryError('processing-failure', 'a parse worker failed', { cause });
        for (const pending of batch) pending.reject(error);
      },
    );
  }
}

interface PendingParse {
  readonly request: ParseRequest;
  readonly resolve: (result: ParseResult) => void;
  readonly reject: (error: GantryError) => void;
}

function isQueueFull(cause: unknown): boolean {
  return cause instanceof Error && cause.message.includes('queue is at limit');
}
