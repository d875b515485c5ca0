import type { GantryError } from '#engine/base/error-catalogue.js';
import type { StoreOutcome, StoreSession, StoreSessionOptions } from '#engine/engine-types.js';
import type { DataSetDescription } from '#engine/threads/task-messages.js';

/** An instance that a `RecordingStore` got whole. */
export interface RecordedInstance {
  readonly description: DataSetDescription;
  readonly bytes: Buffer;
}

/** A store in memory for tests of the DIMSE side: keeps what it is given, answers as it is told. */
export class RecordingStore {
  readonly instances: RecordedInstance[] = [];
  readonly sessions: RecordingSession[] = [];
  /** Partitions of the sessions. */
  readonly partitions: number[] = [];
  /** Replaces the success that instances are answered with. */
  failure: GantryError | undefined;
  /** Bytes after which a session says false; `drain` empties it. */
  capacityBytes = Number.POSITIVE_INFINITY;
  /** Keeps bytes; without it only lengths are counted. */
  isKeeping = true;
  /** While set, outcomes wait for it. */
  gate: Promise<void> | undefined;
  abandonedCount = 0;
  closedCount = 0;
  bytesReceived = 0;

  /** Thrown instead of opening a session. */
  admissionError: GantryError | undefined;

  readonly openStoreSession = (options: StoreSessionOptions): StoreSession => {
    if (this.admissionError !== undefined) throw this.admissionError;
    const session = new RecordingSession(this, options);
    this.sessions.push(session);
    this.partitions.push(options.partition);
    return session;
  };
}

class RecordingSession implements StoreSession {
  readonly #store: RecordingStore;
  readonly #options: StoreSessionOptions;
  #description: DataSetDescription | undefined;
  #chunks: Buffer[] = [];
  #heldBytes = 0;

  constructor(store: RecordingStore, options: StoreSessionOptions) {
    this.#store = store;
    this.#options = options;
  }

  /** Bytes written since the last `drain`. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  drain(): void {
    this.#heldBytes = 0;
    this.#options.onDrain();
  }

  beginInstance(dataSet?: DataSetDescription): void {
    if (this.#description !== undefined) throw new Error('an instance is in progress');
    if (dataSet === undefined) throw new Error('C-STORE describes its data set');
    this.#description = dataSet;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#description === undefined) throw new Error('no instance was begun');
    if (this.#store.isKeeping) this.#chunks.push(Buffer.from(chunk));
    this.#heldBytes += chunk.length;
    this.#store.bytesReceived += chunk.length;
    return this.#heldBytes < this.#store.capacityBytes;
  }

  async endInstance(): Promise<StoreOutcome> {
    const description = this.#description;
    if (description === undefined) throw new Error('no instance was begun');
    this.#description = undefined;
    const bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    await this.#store.gate;
    const { sopClassUid, sopInstanceUid } = description;
    const error = this.#store.failure;
    if (error !== undefined) return { result: 'failed', error, sopClassUid, sopInstanceUid };
    if (this.#store.isKeeping) this.#store.instances.push({ description, bytes });
    return {
      result: 'stored',
      transferSyntaxUid: '1.2.840.10008.1.2.1',
      studyInstanceUid: '2.25.2',
      seriesInstanceUid: '2.25.3',
      sopClassUid,
      sopInstanceUid,
      warnings: [],
    };
  }

  abandonInstance(): void {
    this.#description = undefined;
    this.#chunks = [];
    this.#store.abandonedCount++;
  }

  close(): void {
    this.#store.closedCount++;
  }
}
