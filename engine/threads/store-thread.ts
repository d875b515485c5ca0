import {
  MessageChannel,
  receiveMessageOnPort,
  Worker,
  type MessagePort,
} from 'node:worker_threads';
import type { StoreThreadData } from '#engine/store/store-thread.js';
import { GantryError } from '#engine/base/error-catalogue.js';
import type {
  CommitOutcome,
  CommitRequest,
  DeleteRequest,
  DeleteResult,
  Extent,
  InstanceSource,
  RemovedFile,
  StoreReply,
  StoreRequest,
  StoreSnapshot,
} from './task-messages.js';

export interface StoreThreadStart extends StoreThreadData {
  readonly indexPort: MessagePort;
  /** Called once when no further commit can succeed. */
  readonly onFailed: (reason: string) => void;
  /** Files without any instance were removed. */
  readonly onRemoved: (files: readonly RemovedFile[]) => void;
  /** Something that an operator should know of; the store goes on. */
  readonly onProblem: (text: string, detail: string) => void;
}

/** Main side of the thread that owns all writes. */
export class StoreThread {
  readonly #worker: Worker;
  readonly #options: StoreThreadStart;
  readonly #commits = new Map<number, PendingCommit>();
  readonly #deletions = new Map<number, (result: DeleteResult) => void>();
  readonly #spills = new Map<number, PendingSpill>();
  readonly #spillReplies: MessagePort;
  #nextId = 1;
  #committedSequence = 0;
  #failure: GantryError | undefined;
  #snapshot: PendingSnapshot | undefined;
  #hasStarted = false;
  #hasEnded = false;
  #onClosed: (() => void) | undefined;

  private constructor(options: StoreThreadStart) {
    this.#options = options;
    const { onFailed: _, onRemoved: __, onProblem: ___, ...workerData } = options;
    const { port1, port2 } = new MessageChannel();
    this.#spillReplies = port1;
    this.#worker = new Worker(new URL('../store/store.worker.js', import.meta.url), {
      name: 'store',
      workerData: { ...workerData, spillReplyPort: port2 },
      transferList: [options.indexPort, options.databasePort, port2],
      // Commits leave short-lived garbage; a small nursery is collected in cache and keeps RSS down.
      resourceLimits: { maxYoungGenerationSizeMb: 16 },
    });
  }

  /** Starts the thread; resolves when it has read its counters and can commit. The thread has ended when this rejects. */
  static async start(options: StoreThreadStart): Promise<StoreThread> {
    const thread = new StoreThread(options);
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

  /** Change log number of the newest commit that was acknowledged. */
  get committedSequence(): number {
    return this.#committedSequence;
  }

  get commitsInFlight(): number {
    return this.#commits.size;
  }

  /** Writes bytes and records of one instance; resolves when they are durable. Never rejects. */
  commit(request: Omit<CommitRequest, 'kind' | 'commitId'>): Promise<CommitOutcome['result']> {
    if (this.#failure !== undefined) return Promise.resolve(failed(this.#failure));
    const commitId = this.#nextId++;
    return new Promise((resolve) => {
      this.#commits.set(commitId, { resolve });
      this.#post({ kind: 'commit', commitId, ...request });
    });
  }

  /** Deletes what is stored of a study, a series or an instance; resolves when that is durable. Never rejects. */
  delete(target: DeletionTarget): Promise<DeleteResult> {
    return this.#postDeletion('delete', target);
  }

  /** Takes deletions back as far as they can be; resolves when that is durable. Never rejects. */
  undelete(target: DeletionTarget): Promise<DeleteResult> {
    return this.#postDeletion('undelete', target);
  }

  #postDeletion(kind: 'delete' | 'undelete', target: DeletionTarget): Promise<DeleteResult> {
    if (this.#failure !== undefined) return Promise.resolve(failed(this.#failure));
    const deleteId = this.#nextId++;
    return new Promise((resolve) => {
      this.#deletions.set(deleteId, resolve);
      this.#post({ kind, deleteId, ...target });
    });
  }

  /** Freezes the state as `StoreRequest` says. Rejects when another snapshot is held, or it cannot be taken. */
  takeSnapshot(directory: string): Promise<StoreSnapshot> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#snapshot !== undefined) {
      return Promise.reject(new GantryError('too-many-requests', 'a snapshot is held already'));
    }
    return new Promise((resolve, reject) => {
      this.#snapshot = { resolve, reject };
      this.#post({ kind: 'snapshot', directory });
    });
  }

  /** Lets go of the snapshot: files that it held may be removed. */
  releaseSnapshot(): void {
    this.#snapshot = undefined;
    if (this.#failure === undefined) this.#post({ kind: 'snapshot-release' });
  }

  /** Handles the replies to spills that have come, for a caller that cannot return to the event loop. */
  takeSpillReplies(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#spillReplies);
      if (received === undefined) return;
      this.#onReply(received.message as StoreReply, () => undefined);
    }
  }

  /** Opens a file for an instance that is too large to wait in the arena. */
  openSpill(): SpillFile {
    const spillId = this.#nextId++;
    const pending: PendingSpill = {
      writes: [],
      source: undefined,
      failure: this.#failure,
      isAbandoned: false,
    };
    this.#spills.set(spillId, pending);
    return {
      spillId,
      append: (extents, onWritten) => this.#appendToSpill(spillId, pending, extents, onWritten),
      source: () => pending.source,
      /** The commit of a spilled instance takes the file over; until then it can be abandoned. */
      forget: () => void this.#spills.delete(spillId),
      abandon: () => {
        // Writes under way are still answered: only then may their blocks be reused.
        if (pending.writes.length === 0) this.#spills.delete(spillId);
        pending.isAbandoned = true;
        if (this.#failure === undefined) this.#post({ kind: 'spill-abandon', spillId });
      },
    };
  }

  /** Ends the thread after its last commit; one that has failed still has the catalogue open. */
  close(): Promise<void> {
    if (this.#hasEnded) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onClosed = resolve;
      this.#post({ kind: 'close' });
    });
  }

  #appendToSpill(
    spillId: number,
    pending: PendingSpill,
    extents: readonly Extent[],
    onWritten: SpillListener,
  ): void {
    if (pending.failure !== undefined) {
      onWritten(pending.failure);
      return;
    }
    pending.writes.push(onWritten);
    this.#post({ kind: 'spill', spillId, extents });
  }

  #post(message: StoreRequest): void {
    this.#worker.postMessage(message);
  }

  #listen(onStarted: (failure?: GantryError) => void): void {
    this.#worker.on('message', (reply: StoreReply) => this.#onReply(reply, onStarted));
    this.#spillReplies.on('message', (reply: StoreReply) => this.#onReply(reply, onStarted));
    this.#worker.on('error', (cause) => {
      const detail = `the store thread died: ${cause.message}`;
      const error = new GantryError('store-unavailable', detail, { cause });
      this.#fail(error);
      onStarted(error);
    });
    this.#worker.on('exit', () => {
      this.#hasEnded = true;
      const error = new GantryError('store-unavailable', 'the store thread ended');
      this.#fail(error);
      onStarted(error);
      this.#onClosed?.();
    });
  }

  #onReply(reply: StoreReply, onStarted: (failure?: GantryError) => void): void {
    switch (reply.kind) {
      case 'ready':
        this.#committedSequence = reply.sequence;
        onStarted();
        return;
      case 'committed':
        this.#committedSequence = reply.sequence;
        for (const outcome of reply.outcomes) this.#settle(outcome);
        return;
      case 'deleted':
        this.#committedSequence = reply.sequence;
        this.#deletions.get(reply.deleteId)?.(reply.result);
        this.#deletions.delete(reply.deleteId);
        return;
      case 'snapshot-taken':
        this.#snapshot?.resolve(reply.snapshot);
        return;
      case 'snapshot-failed': {
        const pending = this.#snapshot;
        this.#snapshot = undefined;
        pending?.reject(new GantryError(reply.code, reply.detail));
        return;
      }
      case 'removed':
        this.#options.onRemoved(reply.files);
        return;
      case 'problem':
        this.#options.onProblem(reply.text, reply.detail);
        return;
      case 'spilled':
        this.#onSpilled(reply);
        return;
      case 'spill-failed': {
        const pending = this.#spills.get(reply.spillId);
        if (pending === undefined) return;
        pending.failure = new GantryError(reply.code, reply.detail);
        if (pending.isAbandoned) this.#spills.delete(reply.spillId);
        for (const resolve of pending.writes.splice(0)) resolve(pending.failure);
        return;
      }
      case 'failed': {
        const failure = new GantryError(reply.code, reply.detail);
        this.#fail(failure);
        onStarted(failure);
        return;
      }
      case 'closed':
        return;
    }
  }

  #onSpilled(reply: Extract<StoreReply, { kind: 'spilled' }>): void {
    const pending = this.#spills.get(reply.spillId);
    if (pending === undefined) return;
    const { path, offset, length } = reply;
    pending.source = { kind: 'file', path, offset, length };
    pending.writes.shift()?.(undefined);
    if (pending.isAbandoned && pending.writes.length === 0) this.#spills.delete(reply.spillId);
  }

  #settle(outcome: CommitOutcome): void {
    const pending = this.#commits.get(outcome.commitId);
    this.#commits.delete(outcome.commitId);
    pending?.resolve(outcome.result);
  }

  /** After the first failure nothing is acknowledged any more; reads go on without this thread. */
  #fail(failure: GantryError): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    for (const pending of this.#commits.values()) pending.resolve(failed(failure));
    this.#commits.clear();
    for (const resolve of this.#deletions.values()) resolve(failed(failure));
    this.#deletions.clear();
    this.#snapshot?.reject(failure);
    for (const pending of this.#spills.values()) {
      pending.failure = failure;
      for (const resolve of pending.writes.splice(0)) resolve(failure);
    }
    if (this.#hasStarted && this.#onClosed === undefined) this.#options.onFailed(failure.message);
  }
}

export type SpillListener = (failure: GantryError | undefined) => void;

/** A file that an instance flows into while it arrives. Writes are done in order. */
export interface SpillFile {
  readonly spillId: number;
  /** Calls back when the extents are on file and may be reused, with the error if they are not on file. */
  append(extents: readonly Extent[], onWritten: SpillListener): void;
  /** Where a parse worker reads what has been written so far. */
  source(): InstanceSource | undefined;
  forget(): void;
  abandon(): void;
}

type DeletionTarget = Omit<DeleteRequest, 'kind' | 'deleteId'>;

interface PendingSnapshot {
  readonly resolve: (snapshot: StoreSnapshot) => void;
  readonly reject: (failure: GantryError) => void;
}

interface PendingCommit {
  readonly resolve: (result: CommitOutcome['result']) => void;
}

interface PendingSpill {
  readonly writes: SpillListener[];
  source: InstanceSource | undefined;
  failure: GantryError | undefined;
  isAbandoned: boolean;
}

function failed(error: GantryError): {
  readonly code: GantryError['code'];
  readonly detail: string;
} {
  return { code: error.code, detail: error.detail };
}
