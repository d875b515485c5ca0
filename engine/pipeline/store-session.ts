import { assert } from '#engine/base/assert.js';
import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type {
  InstanceIdentifiers,
  ParsedInstance,
} from '#engine/dicom/instance/parsed-instance.js';
import { arenaBlockBytes, ArenaWriter, type Arena } from '#engine/threads/arena.js';
import type { BudgetedSession, IngestBudget } from '#engine/threads/ingest-budget.js';
import type { ParsePool } from '#engine/threads/parse-pool.js';
import type { SpillFile, StoreThread } from '#engine/threads/store-thread.js';
import type {
  DataSetDescription,
  Extent,
  InstanceSource,
  OverwritePolicy,
} from '#engine/threads/task-messages.js';
import type { StoreOutcome, StoreSession, StoreSessionOptions } from '../engine-types.js';

/** Blocks over its limit at which a session holds its sender, and how long at a time. */
const overrunBlocks = 16;
const holdMsMax = 1_000;
const sleepCell = new Int32Array(new SharedArrayBuffer(4));

/** One for all: an overloaded store refuses a thousand times a second, and the stack of an error is a fifth of what that costs. */
const noRoom = new GantryError('out-of-resources', 'too many uploads are in progress');

/** What every session works with; one object for the whole engine. */
export interface StorePipeline {
  readonly arena: Arena;
  readonly budget: IngestBudget;
  readonly parsePool: ParsePool;
  readonly storeThread: StoreThread;
  readonly counters: StoreCounters;
  /** An instance that has more bytes than this in the arena flows into a file while it arrives. */
  readonly spillBytes: number;
  readonly instanceBytesMax: number;
  readonly overwrite: OverwritePolicy;
  readonly sopClasses: SopClassRules;
}

/** SOP classes that a site takes: those of `allowed`, or any when it is empty, but for those of `denied`. */
export interface SopClassRules {
  readonly allowed: readonly string[];
  readonly denied: readonly string[];
}

export interface StoreCounters {
  instancesStored: number;
  instancesReplaced: number;
  instancesIdentical: number;
  instancesFailed: number;
  bytesStored: number;
}

/** An instance on its way in. Its bytes are in `extents`, and in front of these in the spill file if there is one. */
interface Upload {
  readonly dataSet: DataSetDescription | undefined;
  extents: Extent[];
  arenaBytes: number;
  length: number;
  spill: SpillFile | undefined;
  /** Writes handed to the spill file that are not done. */
  spillsUnderWay: number;
  onSpilled: (() => void) | undefined;
  failure: GantryError | undefined;
}

/**
 * The one door to the store: STOW-RS and C-STORE both end here. Received bytes → arena (or spill file) → parse worker → store
 * thread → outcome.
 */
export class PipelineStoreSession implements StoreSession, BudgetedSession {
  readonly #pipeline: StorePipeline;
  readonly #options: StoreSessionOptions;
  readonly #writer: ArenaWriter;
  #upload: Upload | undefined;

  private constructor(pipeline: StorePipeline, options: StoreSessionOptions) {
    this.#pipeline = pipeline;
    this.#options = options;
    this.#writer = new ArenaWriter(pipeline.arena, () => pipeline.budget.wake());
  }

  /** Throws `out-of-resources` when no further session can be promised its share of the arena. */
  static open(pipeline: StorePipeline, options: StoreSessionOptions): PipelineStoreSession {
    const session = new PipelineStoreSession(pipeline, options);
    if (!pipeline.budget.admit(session)) {
      throw noRoom;
    }
    return session;
  }

  get blocksHeld(): number {
    return this.#writer.blocksHeld;
  }

  onBudget(): void {
    this.#options.onDrain();
  }

  beginInstance(dataSet?: DataSetDescription): void {
    assert(this.#upload === undefined, 'one instance at a time');
    this.#upload = {
      dataSet,
      extents: [],
      arenaBytes: 0,
      length: 0,
      spill: undefined,
      spillsUnderWay: 0,
      onSpilled: undefined,
      failure: undefined,
    };
  }

  write(chunk: Uint8Array): boolean {
    const upload = this.#upload;
    assert(upload !== undefined, 'an instance was begun');
    if (upload.failure !== undefined) return true;
    upload.length += chunk.length;
    if (upload.length > this.#pipeline.instanceBytesMax) {
      this.#fail(upload, new GantryError('payload-too-large', 'the instance is too large'));
      return true;
    }
    if (!this.#writer.append(chunk, upload.extents)) {
      this.#fail(upload, new GantryError('out-of-resources', 'no buffer space is left'));
      return true;
    }
    upload.arenaBytes += chunk.length;
    const isSpilling = upload.spill !== undefined || upload.arenaBytes > this.#pipeline.spillBytes;
    if (isSpilling && upload.arenaBytes >= arenaBlockBytes) this.#flushToSpill(upload);
    if (this.#pipeline.budget.mayTakeBlock(this)) return true;
    // The share is used up: what has arrived of a large instance must leave the arena, or it could never complete.
    if (upload.arenaBytes >= arenaBlockBytes) this.#flushToSpill(upload);
    if (upload.spillsUnderWay > 0) this.#holdSender();
    // Asked again: blocks freed on the way have used up the wake-up that the first question left behind.
    return this.#pipeline.budget.mayTakeBlock(this);
  }

  /**
   * uWebSockets.js does not look at a pause while what it reads fills its buffer each time: a sender on this machine can then
   * keep it from returning to the event loop, where the pause would take effect and replies of the store thread arrive. A
   * session that runs far over its limit waits for the disk right here, which is what the sender should do.
   */
  #holdSender(): void {
    const { budget, storeThread } = this.#pipeline;
    for (let waitedMs = 0; waitedMs < holdMsMax; waitedMs++) {
      if (this.blocksHeld <= budget.sessionBlocksMax + overrunBlocks) return;
      storeThread.takeSpillReplies();
      if (this.blocksHeld > budget.sessionBlocksMax) Atomics.wait(sleepCell, 0, 0, 1);
    }
  }

  async endInstance(): Promise<StoreOutcome> {
    const upload = this.#upload;
    assert(upload !== undefined, 'an instance was begun');
    this.#upload = undefined;
    const { counters } = this.#pipeline;
    try {
      const outcome = await this.#store(upload);
      this.#count(outcome, upload.length);
      return outcome;
    } catch (error) {
      counters.instancesFailed++;
      return { result: 'failed', error: toGantryError(error) };
    } finally {
      this.#discard(upload);
    }
  }

  #count({ result }: StoreOutcome, bytes: number): void {
    const { counters } = this.#pipeline;
    if (result === 'failed') counters.instancesFailed++;
    else if (result === 'identical') counters.instancesIdentical++;
    else if (result !== 'accepted') {
      if (result === 'stored') counters.instancesStored++;
      else counters.instancesReplaced++;
      counters.bytesStored += bytes;
    }
  }

  abandonInstance(): void {
    if (this.#upload === undefined) return;
    this.#discard(this.#upload);
    this.#upload = undefined;
  }

  close(): void {
    this.abandonInstance();
    this.#writer.close();
    this.#pipeline.budget.dismiss(this);
  }

  async #store(upload: Upload): Promise<StoreOutcome> {
    if (upload.length === 0) throw new GantryError('not-dicom', 'no bytes were sent');
    if (upload.spill !== undefined) {
      if (upload.arenaBytes > 0) this.#flushToSpill(upload);
      if (upload.spillsUnderWay > 0) {
        await new Promise<void>((resolve) => (upload.onSpilled = resolve));
      }
    }
    if (upload.failure !== undefined) throw upload.failure;
    const source = sourceOf(upload);
    const { dataSet } = upload;
    const { rules } = this.#options;
    const parsed = await this.#pipeline.parsePool.parse({
      source,
      ...(dataSet === undefined ? {} : { dataSet }),
      ...(rules === undefined ? {} : { rules }),
    });
    if (!parsed.ok) {
      const { code, detail, ok: _, ...uids } = parsed;
      return { result: 'failed', error: new GantryError(code, detail), ...uids };
    }
    return this.#commit(upload, parsed.instance, source);
  }

  async #commit(
    upload: Upload,
    instance: ParsedInstance,
    source: InstanceSource,
  ): Promise<StoreOutcome> {
    const { identifiers, warnings, transferSyntaxUid } = instance;
    const { sopClassUid, sopInstanceUid } = identifiers;
    const { partition, isDryRun, overwrite = this.#pipeline.overwrite } = this.#options;
    const refusal = this.#refusalOf(identifiers);
    if (refusal !== undefined) {
      return { result: 'failed', error: refusal, sopClassUid, sopInstanceUid };
    }
    if (isDryRun === true) {
      return { result: 'accepted', ...identifiers, transferSyntaxUid, warnings };
    }
    const spill = upload.spill;
    const request = { partition, instance, source, overwrite };
    const result = await this.#pipeline.storeThread.commit(
      spill === undefined ? request : { ...request, spillId: spill.spillId },
    );
    if (spill !== undefined) {
      // The store thread has taken the file over, or removed it.
      spill.forget();
      upload.spill = undefined;
    }
    if (typeof result === 'string') {
      return { result, ...identifiers, transferSyntaxUid, warnings };
    }
    const error = new GantryError(result.code, result.detail);
    return { result: 'failed', error, sopClassUid, sopInstanceUid };
  }

  #refusalOf({ studyInstanceUid, sopClassUid }: InstanceIdentifiers): GantryError | undefined {
    const wanted = this.#options.studyInstanceUid;
    if (wanted !== undefined && wanted !== studyInstanceUid) {
      return new GantryError('study-mismatch');
    }
    const { allowed, denied } = this.#pipeline.sopClasses;
    const isAllowed = allowed.length === 0 || allowed.includes(sopClassUid);
    return isAllowed && !denied.includes(sopClassUid)
      ? undefined
      : new GantryError('sop-class-unsupported', 'this site does not take it');
  }

  #flushToSpill(upload: Upload): void {
    upload.spill ??= this.#pipeline.storeThread.openSpill();
    const extents = upload.extents;
    upload.extents = [];
    upload.arenaBytes = 0;
    upload.spillsUnderWay++;
    upload.spill.append(extents, (failure) => {
      upload.failure ??= failure;
      this.#writer.release(extents);
      if (--upload.spillsUnderWay === 0) upload.onSpilled?.();
    });
  }

  #fail(upload: Upload, failure: GantryError): void {
    upload.failure = failure;
    this.#discard(upload);
  }

  #discard(upload: Upload): void {
    this.#writer.release(upload.extents);
    upload.extents = [];
    upload.arenaBytes = 0;
    upload.spill?.abandon();
    upload.spill = undefined;
  }
}

function sourceOf(upload: Upload): InstanceSource {
  const source = upload.spill?.source();
  if (source !== undefined) return source;
  return { kind: 'arena', extents: upload.extents, length: upload.length };
}
