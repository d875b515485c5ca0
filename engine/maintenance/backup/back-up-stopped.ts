import { rmSync } from 'node:fs';
import { dataDirectoryOf } from '#engine/store/data-directory.js';
import { linkCatalogSnapshot } from '#engine/store/catalog-snapshot.js';
import { openExistingStore } from '#engine/store/open-store.js';
import { readStoreState } from '#engine/store/store-state.js';
import { runThrottled } from '../throttle.js';
import { writeBackup } from './write-backup.js';
import type { BackupReport } from './write-backup.js';

/** Backs up the store of a directory that no process uses. Throws `store-unavailable` when one does, and as `writeBackup` does. */
export async function backUpStopped(dataDir: string, target: string): Promise<BackupReport> {
  const store = await openExistingStore({ directory: dataDir });
  const { catalog, snapshot: links } = dataDirectoryOf(dataDir);
  try {
    const snapshot = {
      catalog: linkCatalogSnapshot(catalog, links),
      ...readStoreState(store.database),
    };
    const work = writeBackup({ dataDir, target, snapshot, database: store.database });
    return await runThrottled(work, { bytesPerSecondMax: undefined });
  } finally {
    rmSync(links, { recursive: true, force: true });
    await store.close();
  }
}
