import type { EventLoopDelay, PeerRecord } from '../harness/bench-result.js';

/** A server under test that is running and ready. */
export interface RunningPeer {
  readonly record: PeerRecord;
  readonly pid: number;
  readonly httpPort: number;
  /** Path of the DICOMweb root, e.g. `/dicom-web`. */
  readonly dicomWebPath: string;
  readonly dimsePort: number;
  readonly aeTitle: string;
  /** What the server printed. */
  readonly logFile: string;
  /** Event-loop delay since the last call, where the server publishes it. */
  takeEventLoopDelay(): Promise<EventLoopDelay | undefined>;
  /** Stops the server and waits for its end. */
  stop(): Promise<void>;
}

/** Starts one kind of server. */
export interface PeerLauncher {
  readonly name: string;
  /** Whether the server listens on every interface, and so may run only where there is nothing but loopback. */
  readonly bindsEveryInterface: boolean;
  /**
   * Starts the server on an empty data folder.
   *
   * @throws Error when it is not installed, ends early or does not get ready in time
   */
  launch(dataDirectory: string): Promise<RunningPeer>;
}
