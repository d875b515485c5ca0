/** What a verification found wrong with one thing. `subject` is made of UIDs and names of files, never of patient data. */
export interface VerifyProblem {
  readonly kind:
    | 'blob'
    | 'metadata'
    | 'layout'
    | 'frame-table'
    | 'record'
    | 'counters'
    | 'ordered-keys'
    | 'change-log'
    | 'segment-use'
    | 'index';
  readonly subject: string;
  readonly detail: string;
}

export interface VerifyReport {
  readonly startedAt: string;
  readonly durationMs: number;
  readonly studyCount: number;
  readonly seriesCount: number;
  readonly instanceCount: number;
  readonly changeCount: number;
  /** Bytes of blobs that were read and had to match their checksum. */
  readonly blobBytes: number;
  readonly blobBytesPerSecond: number;
  /** All of them; `problems` keeps the first thousand. */
  readonly problemCount: number;
  readonly problems: readonly VerifyProblem[];
  /** False when it was stopped, or something that cannot be read hid the rest. */
  readonly isComplete: boolean;
  /** Nothing changed meanwhile; otherwise sums over the whole store and the index were not compared. */
  readonly isSettled: boolean;
}

export interface VerifyProgress {
  readonly instanceCount: number;
  /** How many the change log says there are. */
  readonly instanceCountExpected: number;
  readonly blobBytes: number;
  readonly elapsedMs: number;
}

const problemsKeptMax = 1000;

/** Collects what a verification finds. */
export class VerifyFindings {
  readonly problems: VerifyProblem[] = [];
  problemCount = 0;
  studyCount = 0;
  seriesCount = 0;
  instanceCount = 0;
  instanceCountExpected = 0;
  changeCount = 0;
  blobBytes = 0;
  isSettled = false;
  readonly #startedAtMs = Date.now();
  readonly #onProblem: ((problem: VerifyProblem) => void) | undefined;

  constructor(onProblem?: (problem: VerifyProblem) => void) {
    this.#onProblem = onProblem;
  }

  add(kind: VerifyProblem['kind'], subject: string, detail: string): void {
    this.problemCount += 1;
    const problem = { kind, subject, detail };
    if (this.problems.length < problemsKeptMax) this.problems.push(problem);
    this.#onProblem?.(problem);
  }

  addAll(problems: readonly VerifyProblem[]): void {
    for (const { kind, subject, detail } of problems) this.add(kind, subject, detail);
  }

  /** Runs a check that reads; what it throws is a problem of this kind. */
  check(kind: VerifyProblem['kind'], subject: string, read: () => void): void {
    try {
      read();
    } catch (error) {
      this.add(kind, subject, error instanceof Error ? error.message : String(error));
    }
  }

  progress(): VerifyProgress {
    const { instanceCount, instanceCountExpected, blobBytes } = this;
    const elapsedMs = Date.now() - this.#startedAtMs;
    return { instanceCount, instanceCountExpected, blobBytes, elapsedMs };
  }

  report(): VerifyReport {
    const durationMs = Date.now() - this.#startedAtMs;
    const { studyCount, seriesCount, instanceCount, changeCount, blobBytes } = this;
    return {
      startedAt: new Date(this.#startedAtMs).toISOString(),
      durationMs,
      studyCount,
      seriesCount,
      instanceCount,
      changeCount,
      blobBytes,
      blobBytesPerSecond: Math.round((blobBytes * 1000) / Math.max(1, durationMs)),
      problemCount: this.problemCount,
      problems: this.problems,
      isComplete: true,
      isSettled: this.isSettled,
    };
  }
}
