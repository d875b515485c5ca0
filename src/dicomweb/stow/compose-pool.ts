import { BackgroundPool } from '#engine/threads/background-pool.js';
import { composeDocument, type ComposedDataSet, type DocumentTask } from './compose-document.js';

/** Metadata up to this length is composed at once, in a millisecond or two; a thread costs as much to be asked. */
const inlineBytesMax = 4 * 1024;
/** Requests that may wait for the thread, each with metadata of `storeMetadataBytesMax` at most. */
const queuedMax = 64;

/** Composes instances of metadata: of long metadata in a thread of its own. */
export class ComposePool {
  readonly #pool = new BackgroundPool<DocumentTask, ComposedDataSet[]>(
    new URL('./compose.worker.js', import.meta.url),
    queuedMax,
  );

  /** Rejects as the pool does. */
  async compose(task: DocumentTask): Promise<ComposedDataSet[]> {
    return task.bytes.length <= inlineBytesMax ? composeDocument(task) : this.#pool.run(task);
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}
