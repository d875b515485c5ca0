import { Piscina } from 'piscina';
import { GantryError } from '#engine/base/error-catalogue.js';

/** The thread ends when it had nothing to do for so long. */
const idleTimeoutMs = 30_000;

/** One thread for work that is rare: it starts when there is some. */
export class BackgroundPool<Task, Result> {
  readonly #pool: Piscina<Task, Result>;

  /** `worker` is the module whose default export does a task; `queueMax` tasks may wait. */
  constructor(worker: URL, queueMax: number) {
    this.#pool = new Piscina<Task, Result>({
      filename: worker.href,
      minThreads: 0,
      maxThreads: 1,
      maxQueue: queueMax,
      idleTimeout: idleTimeoutMs,
    });
    // A worker that dies rejects its task; the pool's own event would otherwise end the process.
    this.#pool.on('error', () => undefined);
  }

  /** Rejects with `out-of-resources` when too many wait, with what the pool says when the thread died. */
  async run(task: Task): Promise<Result> {
    if (this.#pool.queueSize >= this.#pool.options.maxQueue) {
      throw new GantryError('out-of-resources', 'the queue of a thread is full');
    }
    return this.#pool.run(task);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
