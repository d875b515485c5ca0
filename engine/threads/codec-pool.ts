import { Piscina } from 'piscina';
import { GantryError } from '#engine/base/error-catalogue.js';
import { RecycledMemory } from '#engine/base/recycled-memory.js';
import type { CompiledCodecs } from '#engine/codec/codec-set.js';
import type { RenderTask } from '#engine/codec/render/rendering.js';
import { findTransferSyntax } from '#engine/dicom/dictionary/transfer-syntaxes.js';
import { nativeFrameBytes } from '#engine/dicom/pixel-data/image-pixel-description.js';
import type { CodecResult, CodecTask, DocumentTask } from './task-messages.js';

export interface CodecPoolOptions {
  readonly threads: number;
  /** Frames that may wait. */
  readonly queueMax: number;
  readonly frameTimeoutMs: number;
}

/**
 * When the threads start if no frame needs them before: behind the start of the store, which has better use for the processor,
 * and before viewers come.
 */
const warmUpAfterMs = 10_000;

type CodecFailure = Extract<CodecResult, { readonly ok: false }>;
type Task = CodecTask | RenderTask | DocumentTask;

/** Memory of frames that may lie unused: what a few frames need on their way. */
const keptBytesMax = 32 * 1024 * 1024;

/** Frames beyond this bring their memory from the codec: nothing so large is taken because a data set says so. */
const roomBytesMax = 8 * 1024 * 1024;

/**
 * The Piscina pool that decodes and encodes frames and makes pictures of them; apart from the one that parses, so that ingest cannot starve viewers. Each
 * thread has one frame at a time, and the clock of a frame starts when a thread takes it. Waiting is done here, before anything
 * of the frame is read: the queue holds no bytes.
 */
export class CodecPool {
  /** Where frames are read into on their way to a codec; results come in such memory, and may be given back to it. */
  readonly memory = new RecycledMemory(keptBytesMax);
  readonly #compile: () => Promise<CompiledCodecs>;
  readonly #options: CodecPoolOptions;
  readonly #warmUp: NodeJS.Timeout;
  #started: Promise<Piscina<Task, CodecResult>> | undefined;
  readonly #waiting: (() => void)[] = [];
  #free: number;
  /** When someone last needed a thread. */
  #neededAtMs = -Infinity;

  /** `compile` is called once, when the threads start. */
  constructor(compile: () => Promise<CompiledCodecs>, options: CodecPoolOptions) {
    this.#compile = compile;
    this.#options = options;
    this.#free = options.threads;
    // Codecs that cannot be compiled say so again to the first frame.
    this.#warmUp = setTimeout(() => void this.#pool().catch(() => undefined), warmUpAfterMs);
    this.#warmUp.unref();
  }

  get queueLength(): number {
    return this.#waiting.length;
  }

  /**
   * Transcodes the frame that `load` brings when its turn has come. Throws what `load` and the codecs throw, `not-acceptable` when
   * the frame cannot be read, `too-many-requests` when the queue is full, `timeout` when the codec hangs (its thread ends, and another takes its place),
   * `processing-failure` when the thread died.
   */
  run(load: () => Promise<CodecTask>): Promise<Uint8Array> {
    return this.#inTurn(() => this.#transcode(load));
  }

  /** As `run`, when no thread is in use and nobody has needed one for `idleMs`; undefined otherwise. */
  runIfIdle(idleMs: number, load: () => Promise<CodecTask>): Promise<Uint8Array> | undefined {
    const isInUse = this.#free < this.#options.threads;
    if (isInUse || performance.now() - this.#neededAtMs < idleMs) return undefined;
    this.#free--;
    return this.#onThread(() => this.#transcode(load));
  }

  /** Renders the picture whose frames `load` brings when its turn has come. Throws as `run`. */
  renderPicture(load: () => Promise<RenderTask>): Promise<Uint8Array> {
    return this.#inTurn(async () => {
      const task = await load();
      return this.#work('renderPicture', task, task.frames.map(bufferOf));
    });
  }

  /** Renders a structured report as HTML. Throws as `run`. */
  renderDocument(load: () => Promise<DocumentTask>): Promise<Uint8Array> {
    return this.#inTurn(async () => this.#work('renderDocument', await load(), []));
  }

  /** Tasks under way are ended with their threads. */
  async close(): Promise<void> {
    clearTimeout(this.#warmUp);
    // Codecs that could not be compiled have no threads.
    const pool = await this.#started?.catch(() => undefined);
    await pool?.destroy();
  }

  #pool(): Promise<Piscina<Task, CodecResult>> {
    this.#started ??= this.#compile().then((compiled) =>
      startPool(compiled, this.#options.threads),
    );
    return this.#started;
  }

  async #transcode(load: () => Promise<CodecTask>): Promise<Uint8Array> {
    const task = await load();
    const room = this.#roomFor(task);
    const moved = [bufferOf(task.frame), ...(room === undefined ? [] : [room])];
    return this.#work('default', room === undefined ? task : { ...task, room }, moved);
  }

  /** Memory for the native frame, where a codec makes one. */
  #roomFor({ fromUid, image }: CodecTask): ArrayBuffer | undefined {
    const bytes = nativeFrameBytes(image);
    const isDecoded = findTransferSyntax(fromUid)?.isEncapsulated === true;
    return isDecoded && bytes <= roomBytesMax ? this.memory.take(bytes) : undefined;
  }

  async #takeThread(): Promise<void> {
    this.#neededAtMs = performance.now();
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.length >= this.#options.queueMax) {
      throw new GantryError('too-many-requests', 'the codec queue is full');
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #inTurn(work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    await this.#takeThread();
    return this.#onThread(work);
  }

  /** Gives the thread to who waits, or back, when the work is done. */
  async #onThread(work: () => Promise<Uint8Array>): Promise<Uint8Array> {
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** Has the exported function `name` of the worker do a task. */
  async #work(name: string, task: Task, moved: readonly ArrayBuffer[]): Promise<Uint8Array> {
    const pool = await this.#pool();
    const hung = new AbortController();
    const timer = setTimeout(() => hung.abort(), this.#options.frameTimeoutMs);
    try {
      const { signal } = hung;
      const result = await pool.run(task, { name, transferList: [...moved], signal });
      for (const buffer of result.spent) this.memory.giveBack(buffer);
      if (result.ok) return result.frame;
      throw failureOf(result);
    } catch (cause) {
      if (cause instanceof GantryError) throw cause;
      if (hung.signal.aborted) throw new GantryError('timeout', 'a codec took too long', { cause });
      throw new GantryError('processing-failure', 'a codec thread failed', { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

function startPool(compiled: CompiledCodecs, threads: number): Piscina<Task, CodecResult> {
  const pool = new Piscina<Task, CodecResult>({
    filename: new URL('../workers/codec.worker.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    maxQueue: threads,
    concurrentTasksPerWorker: 1,
    idleTimeout: Number.POSITIVE_INFINITY,
    workerData: { compiled },
    // Pixels lie outside of the heap; what is on it is small.
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  // A worker that dies rejects its task; the pool's own event would otherwise end the process.
  pool.on('error', () => undefined);
  return pool;
}

/**
 * What a codec cannot read was compared with its checksums before: it came like this and is no damage of the store, only nothing
 * that could be given in another form.
 */
function failureOf({ code, detail }: CodecFailure): GantryError {
  return new GantryError(code === 'corrupt' ? 'not-acceptable' : code, detail);
}

/** Frames lie in memory of their own, which moving takes along as a whole. */
function bufferOf({ buffer }: Uint8Array): ArrayBuffer {
  return buffer as ArrayBuffer;
}
