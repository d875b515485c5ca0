import { Piscina } from 'piscina';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { CompiledCodecs } from '#engine/codec/codec-set.js';
import type { CodecResult, CodecTask } from './task-messages.js';

export interface CodecPoolOptions {
  readonly threads: number;
  /** Frames that may wait. */
  readonly queueMax: number;
  readonly frameTimeoutMs: number;
}

/**
 * The Piscina pool that decodes and encodes frames; apart from the one that parses, so that ingest cannot starve viewers. Each
 * thread has one frame at a time, and the clock of a frame starts when a thread takes it. Waiting is done here, before anything
 * of the frame is read: the queue holds no bytes.
 */
export class CodecPool {
  readonly #pool: Piscina<CodecTask, CodecResult>;
  readonly #options: CodecPoolOptions;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(compiled: CompiledCodecs, options: CodecPoolOptions) {
    this.#options = options;
    this.#free = options.threads;
    this.#pool = new Piscina<CodecTask, CodecResult>({
      filename: new URL('../workers/codec.worker.js', import.meta.url).href,
      minThreads: options.threads,
      maxThreads: options.threads,
      maxQueue: options.threads,
      concurrentTasksPerWorker: 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      workerData: { compiled },
    });
    // A worker that dies rejects its task; the pool's own event would otherwise end the process.
    this.#pool.on('error', () => undefined);
  }

  get queueLength(): number {
    return this.#waiting.length;
  }

  /**
   * Transcodes the frame that `load` brings when its turn has come. Throws what `load` and the codecs throw,
   * `too-many-requests` when the queue is full, `timeout` when the codec hangs (its thread ends, and another takes its place),
   * `processing-failure` when the thread died.
   */
  async run(load: () => Promise<CodecTask>): Promise<Uint8Array> {
    await this.#takeThread();
    try {
      return await this.#transcode(await load());
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next();
    }
  }

  /** Tasks under way are ended with their threads. */
  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #takeThread(): Promise<void> {
    if (this.#free > 0) {
      this.#free--;
      return;
    }
    if (this.#waiting.length >= this.#options.queueMax) {
      throw new GantryError('too-many-requests', 'the codec queue is full');
    }
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #transcode(task: CodecTask): Promise<Uint8Array> {
    const hung = new AbortController();
    const timer = setTimeout(() => hung.abort(), this.#options.frameTimeoutMs);
    try {
      const frame = ownBuffer(task.frame);
      const transferList = [frame.buffer as ArrayBuffer];
      const { signal } = hung;
      const result = await this.#pool.run({ ...task, frame }, { transferList, signal });
      if (result.ok) return result.frame;
      throw new GantryError(result.code, result.detail);
    } catch (cause) {
      if (cause instanceof GantryError) throw cause;
      if (hung.signal.aborted) throw new GantryError('timeout', 'a codec took too long', { cause });
      throw new GantryError('processing-failure', 'a codec thread failed', { cause });
    } finally {
      clearTimeout(timer);
    }
  }
}

/** Moving takes the whole buffer along, so it must hold nothing else. */
function ownBuffer(frame: Uint8Array): Uint8Array {
  return frame.byteLength === frame.buffer.byteLength ? frame : new Uint8Array(frame);
}
