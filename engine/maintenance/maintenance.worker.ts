import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '#engine/base/assert.js';
import { toGantryError } from '#engine/base/error-catalogue.js';
import { StoredBlobReader } from '#engine/store/blob/stored-blob-reader.js';
import { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { StoreColumn } from '#engine/store/catalog/catalog-keys.js';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import type { MaintenanceReply, MaintenanceRequest } from '#engine/threads/task-messages.js';
import { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { writeBackup } from './backup/write-backup.js';
import type { MaintenanceThreadData } from './maintenance-thread.js';
import { runThrottled } from './throttle.js';
import { verifyAll } from './verify-store.js';
import { VerifyFindings } from './verify-report.js';

/**
 * The maintenance thread: reads everything again and again at a low rate (the scrubber), and verifies or backs up at once when it
 * is asked, one at a time. It changes nothing of the store. `workerData` is a `MaintenanceThreadData`.
 */
const port = parentPort;
assert(port !== null, 'maintenance runs in a worker thread');

const { dataDir, databaseHandle, scrubBytesPerSecond, scrubPauseMs } =
  workerData as MaintenanceThreadData;
const database = await RocksdbDatabase.borrow<StoreColumn>(databaseHandle);
const blobReader = new StoredBlobReader(dataDirectoryOf(dataDir).segments, database);
const store = { database, reader: new CatalogReader(database), blobReader };
const closing = new AbortController();
/** Ends the verification under way, if there is one. */
let verifying: AbortController | undefined;
/** Jobs, one after another. */
let jobs = Promise.resolve();
const progressIntervalMs = 500;

const reply = (message: MaintenanceReply): void => port.postMessage(message);

async function verify(bytesPerSecondMax: number | undefined): Promise<void> {
  verifying = new AbortController();
  const signal = AbortSignal.any([verifying.signal, closing.signal]);
  const findings = new VerifyFindings((problem) =>
    reply({ kind: 'problem', by: 'verify', problem }),
  );
  let toldAtMs = 0;
  const onStep = (): void => {
    if (performance.now() - toldAtMs < progressIntervalMs) return;
    toldAtMs = performance.now();
    reply({ kind: 'verifying', progress: findings.progress() });
  };
  try {
    await runThrottled(verifyAll(store, findings), { bytesPerSecondMax, signal, onStep });
    reply({ kind: 'verified', report: findings.report() });
  } catch (error) {
    if (!signal.aborted) findings.add('record', 'catalogue', toGantryError(error).message);
    reply({ kind: 'verified', report: { ...findings.report(), isComplete: false } });
  } finally {
    verifying = undefined;
  }
}

async function backUp(request: MaintenanceRequest & { readonly kind: 'backup' }): Promise<void> {
  const { target, snapshot, bytesPerSecondMax } = request;
  try {
    const work = writeBackup({ dataDir, target, snapshot, database });
    const { signal } = closing;
    reply({ kind: 'backed-up', report: await runThrottled(work, { bytesPerSecondMax, signal }) });
  } catch (error) {
    const { code, message } = toGantryError(error);
    const cause = error instanceof Error ? error.message : '';
    reply({ kind: 'backup-failed', code, detail: `${message} ${cause}`.trim() });
  }
}

/** Reads everything, rests, and begins again; damage is told each time it is met. */
async function scrub(): Promise<void> {
  const { signal } = closing;
  for (;;) {
    await sleep(scrubPauseMs, undefined, { signal });
    const findings = new VerifyFindings((problem) =>
      reply({ kind: 'problem', by: 'scrub', problem }),
    );
    let toldBytes = 0;
    const tell = (): void => {
      reply({ kind: 'scrubbed', bytes: findings.blobBytes - toldBytes });
      toldBytes = findings.blobBytes;
    };
    const options = { bytesPerSecondMax: scrubBytesPerSecond, signal, onStep: tell };
    try {
      await runThrottled(verifyAll(store, findings), options);
      tell();
      reply({ kind: 'scrub-ended', report: findings.report() });
    } catch (error) {
      signal.throwIfAborted();
      findings.add('record', 'catalogue', toGantryError(error).message);
      reply({ kind: 'scrub-ended', report: { ...findings.report(), isComplete: false } });
    }
  }
}

const scrubbing = scrubBytesPerSecond > 0 ? scrub().catch(() => undefined) : Promise.resolve();

port.on('message', (request: MaintenanceRequest) => {
  switch (request.kind) {
    case 'verify':
      jobs = jobs.then(() => verify(request.bytesPerSecondMax));
      return;
    case 'stop-verify':
      verifying?.abort();
      return;
    case 'backup':
      jobs = jobs.then(() => backUp(request));
      return;
    case 'close':
      closing.abort();
      void Promise.all([jobs, scrubbing]).then(() => {
        blobReader.close();
        port.close();
      });
  }
});
