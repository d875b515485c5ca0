import type { MessagePort } from 'node:worker_threads';

/** What the index thread is started with (`workerData`). */
export interface IndexThreadData {
  /** The index file; it is made, and made anew, at will. `path.wal`, `path.tmp` and `path.damaged` belong to it. */
  readonly path: string;
  /** What DuckDB may use before it spills to disk. */
  readonly memoryBytesMax: number;
  /** Threads of one query; 1 is as fast as 2 on up to four cores. */
  readonly threadCount: number;
  /** A query ends with `timeout` after this time, waiting included. */
  readonly queryTimeoutMs: number;
  /** The other end of the port on which the store thread posts `IndexFeed`s; moved to the index thread. */
  readonly feedPort: MessagePort;
  /** By which the handle of the catalogue's database comes, which must stay open until the thread has ended; moved to it. */
  readonly databasePort: MessagePort;
}
