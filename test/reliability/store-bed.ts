import type { GroupLoop } from '#engine/store/commit/group-loop.js';
import { openStore } from '#engine/store/open-store.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import { createGroupLoop } from '#engine/store/store-thread.js';
import {
  defaultStoreThreadOptions,
  type StoreThreadOptions,
} from '#engine/store/store-thread-options.js';
import type { StoreReply, StoreRequest } from '#engine/threads/task-messages.js';
import { numberedInstance } from '#test/helpers/crash-writer.js';
import { buildParsedInstance } from '#test/helpers/parsed-instance-builder.js';

const mib = 1024 * 1024;
const overwrite = 'never';
/** Instances this long are spilled. */
const spillBytesMin = 2_000_000;

const bedOptions = { ...defaultStoreThreadOptions, segmentsAhead: 0, segmentBytes: 2 * mib };

/**
 * The writing half of the store on this thread, step by step, so that faults come where a scenario wants them. What instance
 * number n is made of follows from n (test/helpers/crash-writer.ts).
 */
export class StoreBed {
  readonly store: OpenedStore;
  /** What was found damaged when it was opened. */
  readonly damage: string[] = [];
  readonly #loop: GroupLoop;
  readonly #arena: SharedArrayBuffer;
  #lastId = 0;

  private constructor(store: OpenedStore, directory: string, options: Partial<StoreThreadOptions>) {
    this.store = store;
    this.#arena = new SharedArrayBuffer(8 * mib);
    this.#loop = createGroupLoop(
      { arena: this.#arena, directory, options: { ...bedOptions, ...options } },
      store.database,
      (detail) => this.damage.push(detail),
    );
  }

  static async open(
    directory: string,
    options: Partial<StoreThreadOptions> = {},
  ): Promise<StoreBed> {
    return new StoreBed(await openStore({ directory }), directory, options);
  }

  /** Commits the instances together; returns the numbers that were acknowledged. */
  commit(numbers: readonly number[]): number[] {
    const requests: StoreRequest[] = [];
    const numberOf = new Map<number, number>();
    let used = 0;
    for (const number of numbers) {
      const { received, ...uids } = numberedInstance(number);
      const instance = buildParsedInstance(received, uids);
      const commitId = ++this.#lastId;
      numberOf.set(commitId, number);
      new Uint8Array(this.#arena).set(received, used);
      const extents = [{ offset: used, length: received.length }];
      used += received.length;
      if (received.length < spillBytesMin) {
        const source = { kind: 'arena', extents, length: received.length } as const;
        requests.push({ kind: 'commit', commitId, partition: 0, instance, source, overwrite });
        continue;
      }
      const [spilled] = this.#run([{ kind: 'spill', spillId: commitId, extents }]);
      if (spilled?.kind !== 'spilled') continue;
      const { path, offset, length } = spilled;
      const source = { kind: 'file', path, offset, length } as const;
      const spillId = commitId;
      requests.push({
        kind: 'commit',
        commitId,
        partition: 0,
        instance,
        source,
        spillId,
        overwrite,
      });
    }
    const acknowledged: number[] = [];
    for (const reply of this.#run(requests)) {
      if (reply.kind !== 'committed') continue;
      for (const { commitId, result } of reply.outcomes) {
        if (result === 'stored') acknowledged.push(numberOf.get(commitId)!);
      }
    }
    return acknowledged;
  }

  /** Whether the deletion was acknowledged. */
  delete(number: number): boolean {
    const { study, series, sop } = numberedInstance(number);
    const target = { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
    const deleteId = ++this.#lastId;
    const replies = this.#run([{ kind: 'delete', deleteId, partition: 0, ...target }]);
    return replies.some((reply) => reply.kind === 'deleted' && 'instanceCount' in reply.result);
  }

  /** A step of giving space back, when it is time for one. */
  reclaim(): StoreReply[] {
    const replies: StoreReply[] = [];
    this.#loop.reclaim({
      receive: () => undefined,
      reply: (message) => replies.push(message),
      feed: () => undefined,
    });
    return replies;
  }

  async close(): Promise<void> {
    await this.#loop.close();
    await this.store.close();
  }

  #run(requests: StoreRequest[]): StoreReply[] {
    const replies: StoreReply[] = [];
    this.#loop.run({
      receive: () => requests.shift(),
      reply: (message) => replies.push(message),
      feed: () => undefined,
    });
    return replies;
  }
}
