import { randomUUID } from 'node:crypto';
import { replaceFileSync } from '#engine/store/blob/write-file.js';
import { writeFormat } from '#engine/store/data-directory.js';
import { ParsePool } from '#engine/threads/parse-pool.js';
import type { IndexMaintenanceOptions } from '../rebuild-index.js';
import { IndexWitness } from './index-witness.js';
import { finishRebuild, indexToAsk, rebuildPlacesOf, setAside } from './rebuild-places.js';
import type { RebuildCatalogReport } from './rebuild-report.js';
import { RebuildRun, type RebuildCatalogProgress } from './rebuild-run.js';

export interface RebuildCatalogOptions extends IndexMaintenanceOptions {
  readonly ingest: { readonly parseThreads: number };
  /** Goes on without the search index, which alone knows what was deleted and what is lost. */
  readonly withoutIndex: boolean;
}

/**
 * Makes a lost catalogue anew from the segment files, while the store is stopped: every blob whose bytes have their checksum and
 * whose instance the search index knows gets its records back. The index is made anew at the next start. What cannot be had is
 * listed in a file. A run that is cut off is begun again by the next; until one has ended the store cannot be opened.
 *
 * Throws `store-unavailable` as `rebuildPlacesOf` does, and when there is no index to ask and `withoutIndex` is not set.
 */
export async function rebuildCatalog(
  options: RebuildCatalogOptions,
  onProgress: (progress: RebuildCatalogProgress) => void,
): Promise<RebuildCatalogReport> {
  const places = await rebuildPlacesOf(options.dataDir);
  const index = options.withoutIndex ? undefined : indexToAsk(places);
  // Whether it can be asked has to be known before anything is moved.
  if (index !== undefined) await (await IndexWitness.open(index, options)).close();
  setAside(places, index);
  const witness =
    index === undefined ? undefined : await IndexWitness.open(places.witness, options);
  const parsePool = new ParsePool(new SharedArrayBuffer(0), options.ingest.parseThreads);
  try {
    const report = await new RebuildRun(places, { witness, parsePool, onProgress }).run();
    await witness?.close();
    replaceFileSync(places.lineageFile, `${randomUUID()}\n`);
    writeFormat(places);
    finishRebuild(places);
    return report;
  } finally {
    await parsePool.close();
  }
}
