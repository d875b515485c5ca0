import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GantryError } from '#engine/base/error-catalogue.js';
import { verifyOpenedStore } from '#engine/maintenance/verify-store.js';
import { BlobChecksums } from '#engine/pipeline/blob-checksums.js';
import { BlobRangeReader } from '#engine/pipeline/read-blob.js';
import { openStore } from '#engine/store/open-store.js';
import type { OpenedStore } from '#engine/store/open-store.js';
import { numberedInstance, type NumberedInstance } from '#test/helpers/crash-writer.js';

/** What became of a store that was damaged. */
export type CheckOutcome =
  'refused' | 'found by verify' | 'harmless' | 'served wrong' | 'crashed' | 'hung';

const mib = 1024 * 1024;
const index = { memoryLimitBytes: 128 * mib, threads: 1 };
/** A check takes tenths of a second; this long is for ever. */
const hangMs = 60_000;

/** Checks stores in a process of its own, as a server would meet them: native code may crash or loop on damaged files. */
export class StoreChecker {
  readonly #instanceCount: number;
  #child: ChildProcess | undefined;

  constructor(instanceCount: number) {
    this.#instanceCount = instanceCount;
  }

  /** Opens the store, reads all of its numbered instances, and verifies it when no read minded. */
  async check(directory: string): Promise<CheckOutcome> {
    const child = (this.#child ??= fork(fileURLToPath(import.meta.url)));
    return new Promise((resolve) => {
      const end = (outcome: CheckOutcome): void => {
        clearTimeout(timer);
        child.removeAllListeners();
        if (outcome === 'hung') child.kill('SIGKILL');
        if (outcome === 'hung' || outcome === 'crashed') this.#child = undefined;
        resolve(outcome);
      };
      const timer = setTimeout(() => end('hung'), hangMs);
      child.once('message', end);
      child.once('exit', () => end('crashed'));
      child.send({ directory, instanceCount: this.#instanceCount });
    });
  }

  close(): void {
    this.#child?.disconnect();
  }
}

/** Reads every numbered instance as a retrieve does. */
async function readNumbered(store: OpenedStore, count: number): Promise<CheckOutcome> {
  const checksums = new BlobChecksums(store.reader);
  const damage = { note: () => undefined, refuseKnown: () => undefined };
  const reader = new BlobRangeReader({ blobs: store.blobReader, checksums, damage });
  const outcomes: CheckOutcome[] = [];
  for (let number = 0; number < count; number++) {
    outcomes.push(await readOne(store, reader, number));
  }
  const isIn = (outcome: CheckOutcome): boolean => outcomes.includes(outcome);
  return isIn('served wrong') ? 'served wrong' : isIn('refused') ? 'refused' : 'harmless';
}

/** Read into again and again: fresh memory for each read costs more than the read. */
const scratch = Buffer.allocUnsafe(4 * mib);
const expectedInstances: NumberedInstance[] = [];

/** Made once: a store is checked thousands of times. */
function expectedInstance(number: number): NumberedInstance {
  return (expectedInstances[number] ??= numberedInstance(number));
}

async function readOne(
  store: OpenedStore,
  reader: BlobRangeReader,
  number: number,
): Promise<CheckOutcome> {
  const { study, series, sop, received } = expectedInstance(number);
  const key = { studyInstanceUid: study, seriesInstanceUid: series, sopInstanceUid: sop };
  try {
    const record = store.reader.findInstance(0, key);
    if (record === undefined) return 'served wrong';
    if (record.blob.length !== received.length) return 'served wrong';
    const bytes = scratch.subarray(0, received.length);
    await reader.read({ partition: 0, record }, 0, bytes);
    return bytes.equals(received) ? 'harmless' : 'served wrong';
  } catch (error) {
    if (error instanceof GantryError && error.code === 'corrupt') return 'refused';
    throw error;
  }
}

async function checkStore(directory: string, instanceCount: number): Promise<CheckOutcome> {
  let store: OpenedStore;
  try {
    store = await openStore({ directory, cacheBytes: mib, memtableBytesMax: mib });
  } catch {
    return 'refused';
  }
  try {
    const outcome = await readNumbered(store, instanceCount);
    if (outcome !== 'harmless') return outcome;
    // No read noticed it: what may have changed is for verify to say.
    const options = { dataDir: directory, index };
    const { problemCount } = await verifyOpenedStore(store, options, () => undefined);
    return problemCount > 0 ? 'found by verify' : 'harmless';
  } finally {
    await store.close();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // They reach the whole group of processes; the parent ends this one when it is done.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
  process.on('message', (message: { directory: string; instanceCount: number }) => {
    void checkStore(message.directory, message.instanceCount).then((outcome) =>
      process.send!(outcome),
    );
  });
}
