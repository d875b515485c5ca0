import { GantryError, toGantryError } from '#engine/base/error-catalogue.js';
import type { Logger } from '#engine/base/logger.js';
import type { QueryRetrieveEngine } from '#src/dimse/query-retrieve/find-matches.js';
import { viewPartition } from '#src/dimse/query-retrieve/view-partition.js';
import { checkInstances } from './check-instances.js';
import { createCommitmentReport, failureReason } from './commitment-report.js';
import type { CheckedInstance, CommitmentReport } from './commitment-report.js';
import { JobFiles } from './job-files.js';
import type { CommitmentJob } from './job-files.js';

/** Brings a report to its requester; rejects when that did not succeed. */
export type DeliverReport = (report: CommitmentReport) => Promise<void>;

export interface CommitmentJobsOptions {
  /** Where jobs are kept. */
  readonly directory: string;
  readonly engine: QueryRetrieveEngine;
  /** Delivers on an association of our own. */
  readonly deliver: (requesterAeTitle: string, report: CommitmentReport) => Promise<void>;
  /** Before each further attempt to deliver; after the last one the report is given up. */
  readonly retryDelaysMs: readonly number[];
  readonly logger: Logger;
}

/** Jobs worked on at one time: each reads instances back whole. */
const runningMax = 2;

/** Jobs accepted and not done. */
const jobsMax = 10_000;

/**
 * Storage commitment requests from their acceptance to the delivery of their report. A job is durable before it is accepted, and
 * is taken up again after a restart.
 */
export class CommitmentJobs {
  readonly #options: CommitmentJobsOptions;
  readonly #files: JobFiles;
  readonly #transactionUids = new Set<string>();
  readonly #waiting: (() => Promise<void>)[] = [];
  readonly #retryTimers = new Set<NodeJS.Timeout>();
  readonly #controller = new AbortController();
  /** Checks that read the store at the moment. */
  readonly #checks = new Set<Promise<CheckedInstance[]>>();
  #runningCount = 0;

  constructor(options: CommitmentJobsOptions) {
    this.#options = options;
    this.#files = new JobFiles(options.directory);
  }

  /** Jobs that are not done. */
  get count(): number {
    return this.#transactionUids.size;
  }

  /** Takes up what was left to do. */
  resume(): void {
    const { logger } = this.#options;
    const jobs = this.#files.load((file, error) => {
      logger.error(
        { file, err: error },
        'a storage commitment job cannot be read, and is set aside',
      );
    });
    for (const job of jobs) {
      this.#transactionUids.add(job.transactionUid);
      this.#enqueue(() => this.#run(job));
    }
  }

  /**
   * Accepts a job; resolves when it is durable. `deliverHere` is tried first. A transaction that is under way already is reported
   * on as a duplicate. Throws `out-of-resources` when there are too many jobs.
   */
  async add(job: CommitmentJob, deliverHere: DeliverReport): Promise<void> {
    if (this.#transactionUids.has(job.transactionUid)) {
      const failure = failureReason.duplicateTransactionUid;
      const refused = job.references.map((reference) => ({ ...reference, failure }));
      const report = createCommitmentReport(job.transactionUid, refused);
      return this.#enqueue(() => this.#tryDelivery(job, report, deliverHere).then(() => undefined));
    }
    if (this.count >= jobsMax) throw new GantryError('out-of-resources', 'storage commitment jobs');
    this.#transactionUids.add(job.transactionUid);
    try {
      await this.#files.save(job);
    } catch (error) {
      this.#transactionUids.delete(job.transactionUid);
      throw error;
    }
    this.#enqueue(() => this.#run(job, deliverHere));
  }

  /** Stops; what is not done stays in its file. Resolves when nothing reads the store any more. */
  async close(): Promise<void> {
    this.#controller.abort();
    this.#waiting.length = 0;
    for (const timer of this.#retryTimers) clearTimeout(timer);
    await Promise.allSettled(this.#checks);
  }

  #enqueue(run: () => Promise<void>): void {
    this.#waiting.push(run);
    this.#startNext();
  }

  #startNext(): void {
    while (this.#runningCount < runningMax) {
      const run = this.#waiting.shift();
      if (run === undefined) return;
      this.#runningCount++;
      void run().finally(() => {
        this.#runningCount--;
        this.#startNext();
      });
    }
  }

  async #run(job: CommitmentJob, deliverHere?: DeliverReport): Promise<void> {
    const { transactionUid } = job;
    const { signal } = this.#controller;
    try {
      const checked = await this.#check(job);
      const report = createCommitmentReport(transactionUid, checked);
      const failedCount = checked.filter(({ failure }) => failure !== undefined).length;
      const { requesterAeTitle } = job;
      this.#options.logger.info(
        { transactionUid, requesterAeTitle, instances: checked.length, failed: failedCount },
        'storage commitment checked',
      );
      await this.#deliver(job, report, deliverHere, 0);
    } catch (error) {
      if (signal.aborted) return;
      // The index may be away for a while: the whole check is repeated.
      this.#logFailure(job, error, 'storage commitment not checked');
      this.#retryLater(0, () => this.#run(job));
    }
  }

  async #check({ partition, references }: CommitmentJob): Promise<CheckedInstance[]> {
    const engine = viewPartition(this.#options.engine, partition);
    const check = checkInstances(engine, references, this.#controller.signal);
    this.#checks.add(check);
    try {
      return await check;
    } finally {
      this.#checks.delete(check);
    }
  }

  async #deliver(
    job: CommitmentJob,
    report: CommitmentReport,
    deliverHere: DeliverReport | undefined,
    attempt: number,
  ): Promise<void> {
    const isDelivered = await this.#tryDelivery(job, report, deliverHere);
    if (this.#controller.signal.aborted) return;
    if (!isDelivered && attempt < this.#options.retryDelaysMs.length) {
      return this.#retryLater(attempt, () => this.#deliver(job, report, undefined, attempt + 1));
    }
    if (!isDelivered) {
      const { transactionUid, requesterAeTitle } = job;
      this.#options.logger.error(
        { transactionUid, requesterAeTitle },
        'storage commitment report given up',
      );
    }
    try {
      await this.#files.remove(job);
    } catch (error) {
      // Its file brings it back at the next start.
      this.#logFailure(job, error, 'storage commitment job not removed');
    }
    this.#transactionUids.delete(job.transactionUid);
  }

  /** On the association that the request came on, if it is still there, else on one of our own. */
  async #tryDelivery(
    job: CommitmentJob,
    report: CommitmentReport,
    deliverHere: DeliverReport | undefined,
  ): Promise<boolean> {
    if (deliverHere !== undefined) {
      try {
        await deliverHere(report);
        return true;
      } catch {
        // Most requesters release without waiting: nothing to tell.
      }
    }
    if (this.#controller.signal.aborted) return false;
    try {
      await this.#options.deliver(job.requesterAeTitle, report);
      return true;
    } catch (error) {
      this.#logFailure(job, error, 'storage commitment report not delivered');
      return false;
    }
  }

  #retryLater(attempt: number, run: () => Promise<void>): void {
    const timer = setTimeout(() => {
      this.#retryTimers.delete(timer);
      this.#enqueue(run);
    }, this.#options.retryDelaysMs[attempt] ?? 0);
    timer.unref();
    this.#retryTimers.add(timer);
  }

  #logFailure(
    { transactionUid, requesterAeTitle }: CommitmentJob,
    error: unknown,
    message: string,
  ): void {
    const { code, detail, cause } = toGantryError(error);
    this.#options.logger.warn(
      {
        transactionUid,
        requesterAeTitle,
        code,
        detail,
        ...(cause !== undefined && { err: cause }),
      },
      message,
    );
  }
}
