/** Order statistics of a cell, in milliseconds. */
export interface LatencySummary {
  readonly count: number;
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Keeps every latency of a cell, so that its percentiles are exact (nearest rank), not estimated from buckets. */
export class LatencyRecorder {
  #values = new Float64Array(1024);
  #count = 0;

  /** Adds one latency. */
  record(latencyMs: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float64Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = latencyMs;
  }

  /** The statistics of everything recorded so far; all zero when nothing was. */
  summarize(): LatencySummary {
    const sorted = this.#values.slice(0, this.#count).sort();
    const atRank = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
    const sum = sorted.reduce((total, value) => total + value, 0);
    return {
      count: sorted.length,
      meanMs: sorted.length === 0 ? 0 : sum / sorted.length,
      p50Ms: atRank(0.5),
      p95Ms: atRank(0.95),
      p99Ms: atRank(0.99),
      maxMs: sorted.at(-1) ?? 0,
    };
  }
}
