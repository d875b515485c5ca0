import { Worker } from 'node:worker_threads';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { MaintenanceThreadData } from '#engine/maintenance/maintenance-thread.js';
import type { BackupReport } from '#engine/maintenance/backup/write-backup.js';
import type {
  VerifyProblem,
  VerifyProgress,
  VerifyReport,
} from '#engine/maintenance/verify-report.js';
import type { MaintenanceReply, MaintenanceRequest, StoreSnapshot } from './task-messages.js';

export interface MaintenanceThreadStart extends MaintenanceThreadData {
  /** Something stored is damaged or does not agree. */
  readonly onProblem: (problem: VerifyProblem, by: 'scrub' | 'verify') => void;
  readonly onScrubEnded: (report: VerifyReport) => void;
}

/** Figures of the scrubber since the start. */
export interface ScrubFigures {
  readonly bytes: number;
  readonly passes: number;
  readonly problems: number;
}

/** The scrubber is in no hurry: it leaves the processor to the start of the store. */
const scrubberStartMs = 60_000;

/** Main side of the thread that reads everything, from when there is something to do for it. When it dies, the store goes on without it. */
export class MaintenanceThread {
  readonly #options: MaintenanceThreadStart;
  readonly #scrubber: NodeJS.Timeout | undefined;
  #worker: Worker | undefined;
  #ended = Promise.resolve();
  readonly #figures = { bytes: 0, passes: 0, problems: 0 };
  #failure: GantryError | undefined;
  #verify: Pending<VerifyReport> | undefined;
  #progress: VerifyProgress | undefined;
  #backup: Pending<BackupReport> | undefined;

  constructor(options: MaintenanceThreadStart) {
    this.#options = options;
    const { scrubBytesPerSecond, scrubPauseMs } = options;
    if (scrubBytesPerSecond > 0) {
      const delayMs = Math.min(scrubberStartMs, scrubPauseMs);
      this.#scrubber = setTimeout(() => this.#thread(), delayMs);
      this.#scrubber.unref();
    }
  }

  get scrubFigures(): ScrubFigures {
    return this.#figures;
  }

  /** How far the verification under way is. */
  get verifyProgress(): VerifyProgress | undefined {
    return this.#progress;
  }

  /** Reads everything at no more than the rate; rejects when a verification is under way. */
  verify(bytesPerSecondMax: number): Promise<VerifyReport> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#verify !== undefined) {
      return Promise.reject(new GantryError('too-many-requests', 'a verification is under way'));
    }
    return new Promise((resolve, reject) => {
      this.#verify = { resolve, reject };
      this.#post({ kind: 'verify', bytesPerSecondMax });
    });
  }

  /** The verification under way ends with what it has found. */
  stopVerify(): void {
    if (this.#verify !== undefined) this.#post({ kind: 'stop-verify' });
  }

  /** Copies a snapshot of the store, of which one at a time is held. */
  backUp(
    target: string,
    snapshot: StoreSnapshot,
    bytesPerSecondMax: number,
  ): Promise<BackupReport> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#backup = { resolve, reject };
      this.#post({ kind: 'backup', target, snapshot, bytesPerSecondMax });
    });
  }

  close(): Promise<void> {
    clearTimeout(this.#scrubber);
    if (this.#failure === undefined)
      this.#worker?.postMessage({ kind: 'close' } satisfies MaintenanceRequest);
    return this.#ended;
  }

  #post(message: MaintenanceRequest): void {
    this.#thread().postMessage(message);
  }

  #thread(): Worker {
    this.#worker ??= this.#start();
    return this.#worker;
  }

  #start(): Worker {
    const { onProblem: _, onScrubEnded: __, ...workerData } = this.#options;
    const worker = new Worker(new URL('../maintenance/maintenance.worker.js', import.meta.url), {
      name: 'maintenance',
      workerData,
      // It reads at a bounded rate, and its nursery would otherwise grow to 48 MiB.
      resourceLimits: { maxYoungGenerationSizeMb: 8 },
    });
    worker.on('message', (message: MaintenanceReply) => this.#onReply(message));
    worker.on('error', (cause) => this.#fail(cause));
    this.#ended = new Promise((resolve) => {
      worker.on('exit', () => {
        this.#fail(undefined);
        resolve();
      });
    });
    return worker;
  }

  #onReply(reply: MaintenanceReply): void {
    switch (reply.kind) {
      case 'verifying':
        this.#progress = reply.progress;
        return;
      case 'verified':
        this.#progress = undefined;
        this.#verify?.resolve(reply.report);
        this.#verify = undefined;
        return;
      case 'problem':
        this.#figures.problems += 1;
        this.#options.onProblem(reply.problem, reply.by);
        return;
      case 'scrubbed':
        this.#figures.bytes += reply.bytes;
        return;
      case 'scrub-ended':
        this.#figures.passes += 1;
        this.#options.onScrubEnded(reply.report);
        return;
      case 'backed-up':
        this.#backup?.resolve(reply.report);
        this.#backup = undefined;
        return;
      case 'backup-failed':
        this.#backup?.reject(new GantryError(reply.code, reply.detail));
        this.#backup = undefined;
    }
  }

  #fail(cause: unknown): void {
    this.#failure ??= new GantryError('store-unavailable', 'the maintenance thread ended', {
      cause,
    });
    this.#verify?.reject(this.#failure);
    this.#backup?.reject(this.#failure);
  }
}

interface Pending<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: GantryError) => void;
}
