import { Piscina } from 'piscina';
import { GantryError } from '#engine/base/error-catalogue.js';
import { composeDocument, type ComposedDataSet, type DocumentTask } from './compose-document.js';

/** Metadata up to this length is composed at once, in a millisecond or two; a thread costs as much to be asked. */
const inlineBytesMax = 16 * 1024;
/** Requests that may wait for the thread, each with one part of `storeMetadataBytesMax` at most. */
const queuedMax = 64;
/** The thread ends when it had nothing to do for so long. */
const idleTimeoutMs = 30_000;

/** Composes instances of metadata: long metadata in a thread of its own, which starts when there is some. */
export class ComposePool {
  readonly #pool = new Piscina<DocumentTask, ComposedDataSet[]>({
    filename: new URL('./compose.worker.js', import.meta.url).href,
    minThreads: 0,
    maxThreads: 1,
    maxQueue: queuedMax,
    idleTimeout: idleTimeoutMs,
  });

  constructor() {
    // A worker that dies rejects its task; the pool's own event would otherwise end the process.
    this.#pool.on('error', () => undefined);
  }

  /** Rejects with `out-of-resources` when too many wait, `processing-failure` when the thread died. */
  async compose(task: DocumentTask): Promise<ComposedDataSet[]> {
    if (task.bytes.length <= inlineBytesMax) return composeDocument(task);
    if (this.#pool.queueSize >= queuedMax) {
      throw new GantryError('out-of-resources', 'the metadata queue is full');
    }
    return this.#pool.run(task);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
