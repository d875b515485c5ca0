import { existsSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '#engine/base/error-catalogue.js';
import { syncDirectory } from '#engine/store/blob/segment-files.js';
import { replaceFileSync } from '#engine/store/blob/write-file.js';
import { checkFormat, dataDirectoryOf } from '#engine/store/data-directory.js';
import type { DataDirectory } from '#engine/store/data-directory.js';
import { isStoreInUse, openCatalog } from '#engine/store/open-store.js';

/** Files of a rebuild beside those of the store. */
export interface RebuildPlaces extends DataDirectory {
  readonly dataDir: string;
  /** The index from before, which is asked what there was. */
  readonly witness: string;
  /** Where it stays afterwards: it alone still has the attributes of what is lost. */
  readonly replacedIndex: string;
  /** List of what is lost or uncertain. */
  readonly lossFile: string;
}

const indexSuffixes = ['.wal', ''];

/**
 * The places of a data directory whose catalogue is to be rebuilt. Throws `store-unavailable` when there are no segments, when the
 * directory is in use or of another format, or when it has a catalogue that can be opened.
 */
export async function rebuildPlacesOf(dataDir: string): Promise<RebuildPlaces> {
  const paths = dataDirectoryOf(dataDir);
  if (!existsSync(paths.segments) || readdirSync(paths.segments).length === 0) {
    throw new GantryError('store-unavailable', 'the data directory has no segments');
  }
  if (existsSync(paths.restoringFile)) {
    throw new GantryError('store-unavailable', 'a restore was cut off: empty it and restore again');
  }
  if (existsSync(paths.formatFile)) checkFormat(readFileSync(paths.formatFile, 'utf8'));
  await refuseUsable(paths);
  return {
    ...paths,
    dataDir,
    witness: `${paths.index}.witness`,
    replacedIndex: `${paths.index}.replaced`,
    lossFile: join(dataDir, 'catalog.losses.ndjson'),
  };
}

async function refuseUsable(paths: DataDirectory): Promise<void> {
  if (!existsSync(join(paths.catalog, 'CURRENT'))) return;
  try {
    const database = await openCatalog(paths.catalog, {});
    await database.close();
  } catch (error) {
    if (isStoreInUse(error)) throw error;
    return;
  }
  // One that an earlier run left.
  if (existsSync(paths.rebuildingFile)) return;
  throw new GantryError(
    'store-unavailable',
    'the catalogue can be opened: gantry verify says what is wrong with it; to rebuild it all the same, move catalog/ out of the data directory',
  );
}

/** The index to be asked: where it is, or where an earlier run put it. */
export function indexToAsk(places: RebuildPlaces): string {
  const hasBegun = existsSync(places.rebuildingFile);
  const moved = [places.witness, ...(hasBegun ? [places.replacedIndex] : [])];
  const { index } = places;
  // Before the mark is made, an index in its place is a newer one than what may lie beside it.
  const all = hasBegun ? [...moved, index] : [index, ...moved];
  return all.find((path) => existsSync(path)) ?? index;
}

/**
 * Moves the damaged catalogue and the index aside and marks the directory, so that nothing but another rebuild uses it. What is
 * moved aside is never removed; what an earlier run began is.
 */
export function setAside(places: RebuildPlaces, index: string | undefined): void {
  const { catalog, rebuildingFile, replacedIndex, witness, dataDir } = places;
  if (existsSync(rebuildingFile)) rmSync(catalog, { recursive: true, force: true });
  else if (existsSync(catalog)) {
    if (readdirSync(catalog).length === 0) rmSync(catalog, { recursive: true });
    else renameSync(catalog, unusedName(`${catalog}.damaged`));
  }
  for (const suffix of indexSuffixes) {
    if (index === undefined || index === witness) continue;
    const from = index + suffix;
    if (existsSync(from)) renameSync(from, witness + suffix);
    else rmSync(witness + suffix, { force: true });
  }
  if (!existsSync(rebuildingFile)) {
    for (const suffix of indexSuffixes) rmSync(replacedIndex + suffix, { force: true });
  }
  syncDirectory(dataDir);
  replaceFileSync(rebuildingFile, '');
}

/** The catalogue is complete: the old index gives way to one that is made at the next start. */
export function finishRebuild(places: RebuildPlaces): void {
  const { dataDir, index, rebuildingFile, replacedIndex, witness } = places;
  for (const suffix of indexSuffixes) {
    if (existsSync(witness + suffix)) renameSync(witness + suffix, replacedIndex + suffix);
    rmSync(index + suffix, { force: true });
  }
  syncDirectory(dataDir);
  rmSync(rebuildingFile);
  syncDirectory(dataDir);
}

function unusedName(path: string): string {
  for (let n = 1; ; n++) {
    const name = n === 1 ? path : `${path}-${n}`;
    if (!existsSync(name)) return name;
  }
}
