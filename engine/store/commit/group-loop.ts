import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { ErrorCode } from '#engine/base/error-catalogue.js';
import type {
  CommitOutcome,
  CommitRequest,
  DeleteRequest,
  DeleteResult,
  IndexFeed,
  StoreReply,
  StoreRequest,
  UndeleteRequest,
} from '#engine/threads/task-messages.js';
import type { BlobReader, BlobStore } from '../blob/blob-store.js';
import type { CatalogSnapshot } from '../catalog-snapshot.js';
import type { SpillFiles } from '../blob/spill-files.js';
import type { Reclaimer } from '../reclaim/reclaimer.js';
import type { Committer } from './committer.js';
import type { Deletion } from './deletion.js';
import { viewsOf } from './received-bytes.js';

export interface GroupLoopOptions {
  readonly arena: SharedArrayBuffer;
  readonly committer: Pick<Committer, 'commit'>;
  /** Last sequence of the change log. */
  readonly sequence: () => number;
  readonly beginDeletion: (
    request: DeleteRequest | UndeleteRequest,
  ) => Pick<Deletion, 'deleteId' | 'instanceCount' | 'isDone' | 'step'>;
  readonly reclaimer: Pick<Reclaimer, 'stepWhenDue' | 'holdFiles' | 'close'>;
  /** Links the catalogue as it is now into a directory. */
  readonly takeSnapshot: (directory: string) => CatalogSnapshot;
  readonly spills: SpillFiles;
  readonly blobs: BlobStore;
  readonly blobReader: BlobReader;
  readonly groupInstancesMax: number;
  readonly groupBytesMax: number;
}

/** Where the loop takes its messages from and sends its answers to. */
export interface GroupLoopPorts {
  /** The next message that has arrived, undefined when there is none. */
  receive(): StoreRequest | undefined;
  reply(message: StoreReply): void;
  feed(message: IndexFeed): void;
}

/**
 * Forms commit groups of all that arrived while the group before was written. Everything is synchronous: the thread has nothing
 * else to do, and a commit that nothing can interleave is one that can be reasoned about.
 */
export class GroupLoop {
  readonly #options: GroupLoopOptions;
  readonly #waiting: StoreRequest[] = [];
  readonly #deletions: ReturnType<GroupLoopOptions['beginDeletion']>[] = [];
  #failure: { readonly code: ErrorCode; readonly detail: string } | undefined;

  constructor(options: GroupLoopOptions) {
    this.#options = options;
  }

  /** Last sequence of the change log. */
  get sequence(): number {
    return this.#options.sequence();
  }

  /**
   * Works until no message is left; true when the last one taken asked to close. Between two steps of a deletion one message, or
   * one group, has its turn, so that neither waits for the other as a whole.
   */
  run(ports: GroupLoopPorts): boolean {
    for (;;) {
      this.#receiveAll(ports);
      const next = this.#waiting[0];
      if (next === undefined && this.#deletions.length === 0) return false;
      if (next?.kind === 'close') {
        while (this.#deletions.length > 0) this.#continueDeletion(ports);
        return true;
      }
      if (next !== undefined) this.#handle(next, ports);
      this.#continueDeletion(ports);
      this.reclaim(ports);
    }
  }

  /** A step of giving space back, when it is time for one; to be called now and then also when no message comes. */
  reclaim(ports: GroupLoopPorts): void {
    if (this.#failure !== undefined) return;
    try {
      const step = this.#options.reclaimer.stepWhenDue();
      if (step === undefined) return;
      const { removedFiles: files, problem } = step;
      for (const file of files) this.#options.blobReader.forgetFile(file);
      if (files.length > 0) ports.reply({ kind: 'removed', files });
      if (problem !== undefined) {
        const text = 'space could not be reclaimed';
        ports.reply({ kind: 'problem', text, detail: problem.message });
      }
    } catch (error) {
      this.#fail(error, ports);
    }
  }

  #handle(next: StoreRequest, ports: GroupLoopPorts): void {
    if (next.kind === 'commit') {
      this.#commit(this.#takeGroup(), ports);
      return;
    }
    this.#waiting.shift();
    if (next.kind === 'spill') this.#spill(next, ports);
    else if (next.kind === 'spill-abandon') this.#options.spills.abandon(next.spillId);
    else if (next.kind === 'snapshot') this.#snapshot(next.directory, ports);
    else if (next.kind === 'snapshot-release') this.#options.reclaimer.holdFiles(false);
    else if (next.kind === 'delete' || next.kind === 'undelete')
      this.#deletions.push(this.#options.beginDeletion(next));
  }

  /** Ends the work with the files; uncommitted spills are removed. */
  async close(): Promise<void> {
    this.#options.spills.close();
    this.#options.reclaimer.close();
    this.#options.blobReader.close();
    await this.#options.blobs.close();
  }

  #receiveAll(ports: GroupLoopPorts): void {
    for (;;) {
      const message = ports.receive();
      if (message === undefined) return;
      this.#waiting.push(message);
    }
  }

  /**
   * The commits at the head of the queue, up to the limits of a group. Of two with the same UIDs the second waits for the next
   * group, where it finds the first one stored.
   */
  #takeGroup(): CommitRequest[] {
    const { groupInstancesMax, groupBytesMax } = this.#options;
    const group: CommitRequest[] = [];
    const names = new Set<string>();
    let bytes = 0;
    for (const request of this.#waiting) {
      if (request.kind !== 'commit' || group.length === groupInstancesMax) break;
      const weight = bytesToWrite(request);
      const name = nameOf(request);
      if (names.has(name) || (group.length > 0 && bytes + weight > groupBytesMax)) break;
      names.add(name);
      bytes += weight;
      group.push(request);
    }
    this.#waiting.splice(0, group.length);
    return group;
  }

  #commit(group: readonly CommitRequest[], ports: GroupLoopPorts): void {
    const { committer } = this.#options;
    try {
      if (this.#failure === undefined) {
        const { outcomes, feeds } = committer.commit(group);
        // The index must have the rows when the acknowledgement makes someone ask for them.
        for (const feed of feeds) ports.feed(feed);
        ports.reply({ kind: 'committed', outcomes, sequence: this.sequence });
        return;
      }
    } catch (error) {
      this.#fail(error, ports);
    }
    const result = this.#failure!;
    const outcomes: CommitOutcome[] = group.map(({ commitId }) => ({ commitId, result }));
    ports.reply({ kind: 'committed', outcomes, sequence: this.sequence });
  }

  #snapshot(directory: string, ports: GroupLoopPorts): void {
    const { reclaimer, blobs, takeSnapshot } = this.#options;
    try {
      const catalog = takeSnapshot(directory);
      reclaimer.holdFiles(true);
      const snapshot = { catalog, sequence: this.sequence, ...blobs.position };
      ports.reply({ kind: 'snapshot-taken', snapshot });
    } catch (error) {
      const { code, detail } = toGantryError(error);
      ports.reply({ kind: 'snapshot-failed', code, detail });
    }
  }

  /** The next step of the deletion that came first. */
  #continueDeletion(ports: GroupLoopPorts): void {
    const deletion = this.#deletions[0];
    if (deletion === undefined) return;
    const result = this.#deleteSome(deletion, ports);
    if (result === undefined) return;
    this.#deletions.shift();
    const { deleteId } = deletion;
    ports.reply({ kind: 'deleted', deleteId, result, sequence: this.sequence });
  }

  /** What became of the deletion, undefined while it goes on. */
  #deleteSome(
    deletion: ReturnType<GroupLoopOptions['beginDeletion']>,
    ports: GroupLoopPorts,
  ): DeleteResult | undefined {
    if (this.#failure !== undefined) return this.#failure;
    try {
      const feed = deletion.step();
      if (feed !== undefined) ports.feed(feed);
      return deletion.isDone ? { instanceCount: deletion.instanceCount } : undefined;
    } catch (error) {
      if (!(error instanceof GantryError)) this.#fail(error, ports);
      const { code, detail } = toGantryError(error);
      return this.#failure ?? { code, detail };
    }
  }

  #spill(request: StoreRequest & { readonly kind: 'spill' }, ports: GroupLoopPorts): void {
    const { arena, spills } = this.#options;
    const { spillId } = request;
    if (this.#failure !== undefined) {
      ports.reply({ kind: 'spill-failed', spillId, ...this.#failure });
      return;
    }
    try {
      const spilled = spills.append(spillId, viewsOf(arena, request.extents));
      ports.reply({ kind: 'spilled', spillId, ...spilled });
    } catch (error) {
      const { code, detail } = toGantryError(error);
      if (!(error instanceof GantryError)) this.#fail(error, ports);
      ports.reply({ kind: 'spill-failed', spillId, code, detail });
    }
  }

  /** From here on nothing is acknowledged: what reached the disk is not known any more. */
  #fail(error: unknown, ports: GroupLoopPorts): void {
    const detail = error instanceof Error ? error.message : String(error);
    this.#failure = { code: 'store-unavailable', detail: 'an earlier write failed' };
    ports.reply({ kind: 'failed', code: 'store-unavailable', detail });
  }
}

/** Bytes that the group will write for the request: a spilled instance is on file already. */
function bytesToWrite({ source, instance }: CommitRequest): number {
  const received = source.kind === 'arena' ? source.length : 0;
  return received + instance.metadata.json.length + instance.frameTable.length;
}

function nameOf(request: CommitRequest): string {
  const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } = request.instance.identifiers;
  return `${request.partition}\0${studyInstanceUid}\0${seriesInstanceUid}\0${sopInstanceUid}`;
}
