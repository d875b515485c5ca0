import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { GantryError } from '#engine/base/error-catalogue.js';

/** A file of a snapshot: only its first `bytes` belong to it, since what RocksDB appends later lands in the same file. */
export interface SnapshotFile {
  readonly name: string;
  readonly bytes: number;
}

/** The catalogue as it was at one moment, in files that stay as they are until the directory is removed. */
export interface CatalogSnapshot {
  readonly directory: string;
  readonly files: readonly SnapshotFile[];
  /** How long the writer stood still. */
  readonly pauseMs: number;
}

/** What a RocksDB directory is made of. OPTIONS and LOG files are not needed to open it. */
const filePattern = /^(CURRENT|IDENTITY|MANIFEST-\d+|\d+\.(sst|log))$/;

/** Flushes and compactions change the manifest; several in a row within milliseconds do not happen. */
const attemptsMax = 20;

/**
 * Takes a snapshot of the database in `catalog` by hard links in the new directory `target` of the same file system. Called on the
 * thread that writes, so that the log stands still. Table files never change, logs and manifest are only appended to, and
 * RocksDB removes a file only after the manifest says so: when the manifest has not grown meanwhile, the files belong together.
 *
 * Throws `store-unavailable` when the manifest does not come to rest.
 */
export function linkCatalogSnapshot(catalog: string, target: string): CatalogSnapshot {
  const startedAt = performance.now();
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    rmSync(target, { recursive: true, force: true });
    mkdirSync(target, { recursive: true, mode: 0o700 });
    const before = manifestOf(catalog);
    const files = linkFiles(catalog, target);
    const after = manifestOf(catalog);
    if (files !== undefined && before.name === after.name && before.bytes === after.bytes) {
      return { directory: target, files, pauseMs: performance.now() - startedAt };
    }
  }
  rmSync(target, { recursive: true, force: true });
  throw new GantryError('store-unavailable', 'the catalogue did not come to rest for a snapshot');
}

function manifestOf(catalog: string): SnapshotFile {
  const name = readFileSync(join(catalog, 'CURRENT'), 'latin1').trim();
  return { name, bytes: statSync(join(catalog, name)).size };
}

/** Undefined when RocksDB removed a file between the listing and the link. */
function linkFiles(catalog: string, target: string): SnapshotFile[] | undefined {
  const names = readdirSync(catalog).filter((name) => filePattern.test(name));
  try {
    return names.map((name) => {
      linkSync(join(catalog, name), join(target, name));
      return { name, bytes: statSync(join(target, name)).size };
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
