import { openExistingStore } from '#engine/store/open-store.js';
import type { IndexMaintenanceOptions } from './rebuild-index.js';
import { verifyChangeLog, verifyRecords } from './verify-catalog.js';
import { verifyIndex } from './verify-index.js';
import { VerifyFindings, type VerifyProgress, type VerifyReport } from './verify-report.js';

/** Instances between two reports of progress. */
const progressEvery = 256;

/**
 * Checks a whole data directory while the store is stopped: every blob and every derived value by its checksum, and that records,
 * counts, change log, use of segments and index agree. What it finds is in the report; it changes nothing but what every opening
 * does after a crash, and that the index catches up. Throws `store-unavailable` when the directory cannot be opened.
 */
export async function verifyStore(
  options: IndexMaintenanceOptions,
  onProgress: (progress: VerifyProgress) => void,
): Promise<VerifyReport> {
  const store = await openExistingStore({ directory: options.dataDir });
  const findings = new VerifyFindings();
  try {
    const partitions = verifyChangeLog(store.reader, findings);
    try {
      let sinceProgress = 0;
      for (const _ of verifyRecords(store, partitions, findings)) {
        sinceProgress += 1;
        if (sinceProgress % progressEvery === 0) onProgress(findings.progress());
      }
      await verifyIndex(store, partitions, options, findings);
    } catch (error) {
      // A record that cannot be read ends the walk: what follows it is not known.
      findings.add('record', 'catalogue', error instanceof Error ? error.message : String(error));
    }
    onProgress(findings.progress());
    return findings.report();
  } finally {
    await store.close();
  }
}
