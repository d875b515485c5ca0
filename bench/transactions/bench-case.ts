import type { ReadCorpora, ReadCorpusName } from '../corpus/corpora.js';
import type { LoadResult } from '../harness/closed-loop.js';
import type { RunningPeer } from '../peers/peer.js';
import type { Scale } from '../run-scale.js';

/** What a case runs against. */
export interface BenchTarget {
  readonly peer: RunningPeer;
  readonly corpora: ReadCorpora;
  readonly scale: Scale;
}

/** One case at one concurrency: a row of the result. */
export interface BenchCase {
  readonly transaction: string;
  readonly name: string;
  readonly concurrency: number;
  /** What the throughput counts, in the plural. */
  readonly unit: string;
  /** Whether something of it listens on every interface, and so may run only where there is nothing but loopback. */
  readonly bindsEveryInterface?: boolean;
  /** Corpora that must have been loaded. */
  readonly needs: readonly ReadCorpusName[];
  /**
   * Warms up, drives the load and checks the answers.
   *
   * @param repetition counts from 0; ingest cases send other instances each time
   */
  run(target: BenchTarget, repetition: number): Promise<LoadResult>;
}
