/** What the maintenance thread is started with (`workerData`). */
export interface MaintenanceThreadData {
  readonly dataDir: string;
  /** `handle` of the database that the main thread opened and closes after this thread has ended. */
  readonly databaseHandle: bigint;
  /** At which rate, and how long after the last time, everything is read; 0 a second: never. */
  readonly scrubBytesPerSecond: number;
  readonly scrubPauseMs: number;
}
