import type { Corpus } from '../corpus/corpus.js';
import type { ReadCorpusName } from '../corpus/corpora.js';
import type { EventLoopDelay, PeerRecord } from '../harness/bench-result.js';

/** Where a server under test can be told to move instances. */
export interface MoveDestination {
  readonly aeTitle: string;
  /** On 127.0.0.1. */
  readonly port: number;
}

/** The AE title of every {@link MoveDestination}. */
export const MOVE_DESTINATION_AE_TITLE = 'BENCH_SINK';

/** A server under test that is running and ready. */
export interface RunningPeer {
  readonly record: PeerRecord;
  /** Another after a restart. */
  readonly pid: number;
  readonly httpPort: number;
  /** Path of the DICOMweb root, e.g. `/dicom-web`; empty for a server without HTTP. */
  readonly dicomWebPath: string;
  readonly dimsePort: number;
  readonly aeTitle: string;
  /** A remote AE that the server knows; what listens there is up to the case. */
  readonly moveDestination: MoveDestination;
  /** What the server printed. */
  readonly logFile: string;
  /** Transactions that it serves; undefined for all. */
  readonly transactions?: readonly string[];
  /** A stored instance, where it cannot be had by HTTP. Throws when it is not there. */
  readonly readStored?: (sopInstanceUid: string) => Buffer;
  /** What was there before it started. */
  readonly holds: readonly ReadCorpusName[];
  /** Event-loop delay since the last call, where the server publishes it. */
  takeEventLoopDelay(): Promise<EventLoopDelay | undefined>;
  /** Starts the server again on its data where it ended by itself; returns whether it had. */
  restartIfEnded(): Promise<boolean>;
  /** Stops the server and waits for its end. */
  stop(): Promise<void>;
}

/** Studies that a peer may be given before it starts. */
export interface GeneratedStudies {
  readonly corpus: Corpus;
  /** A data directory that holds them already; undefined when they are to be made. */
  readonly directory: string | undefined;
}

/** Starts one kind of server. */
export interface PeerLauncher {
  readonly name: string;
  /** Whether the server listens on every interface, and so may run only where there is nothing but loopback. */
  readonly bindsEveryInterface: boolean;
  /**
   * Starts the server on an empty data folder, or on `generated` where that is what it is for.
   *
   * @throws Error when it is not installed, ends early or does not get ready in time
   */
  launch(dataDirectory: string, generated: GeneratedStudies): Promise<RunningPeer>;
}
