import { openExistingStore, type OpenedStore } from '#engine/store/open-store.js';
import type { IndexMaintenanceOptions } from './rebuild-index.js';
import { runThrottled, type SteppedWork } from './throttle.js';
import { verifyChangeLog, verifyRecords, type VerifiedStore } from './verify-catalog.js';
import { verifyOrderedKeys } from './verify-ordered-keys.js';
import { verifyIndex } from './verify-index.js';
import { VerifyFindings, type VerifyProgress, type VerifyReport } from './verify-report.js';

export interface VerifyStoreOptions extends IndexMaintenanceOptions {
  /** Read from blobs at most; no limit by default. */
  readonly bytesPerSecondMax?: number;
}

/** Reads everything that is stored; see `verifyRecords` for a store at work. */
export function* verifyAll(store: VerifiedStore, findings: VerifyFindings): SteppedWork<number[]> {
  const partitions = yield* verifyChangeLog(store.reader, findings);
  yield* verifyRecords(store, partitions, findings);
  for (const partition of partitions) yield* verifyOrderedKeys(store, partition, findings);
  return partitions;
}

/**
 * Checks a whole data directory while the store is stopped: every blob and every derived value by its checksum, and that records,
 * counts, change log, use of segments and index agree. What it finds is in the report; it changes nothing but what every opening
 * does after a crash, and that the index catches up. Throws `store-unavailable` when the directory cannot be opened.
 */
export async function verifyStore(
  options: VerifyStoreOptions,
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifyReport> {
  const store = await openExistingStore({ directory: options.dataDir });
  try {
    return await verifyOpenedStore(store, options, onProgress);
  } finally {
    await store.close();
  }
}

/** As `verifyStore`, of a store that the caller has opened and that nobody writes to. */
export async function verifyOpenedStore(
  store: OpenedStore,
  options: VerifyStoreOptions,
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifyReport> {
  const findings = new VerifyFindings();
  try {
    const partitions = await runThrottled(verifyAll(store, findings), {
      bytesPerSecondMax: options.bytesPerSecondMax,
      onStep: () => onProgress(findings.progress()),
    });
    await verifyIndex(store, partitions, options, findings);
  } catch (error) {
    // A record that cannot be read ends the walk: what follows it is not known.
    findings.add('record', 'catalogue', error instanceof Error ? error.message : String(error));
  }
  onProgress(findings.progress());
  return findings.report();
}
