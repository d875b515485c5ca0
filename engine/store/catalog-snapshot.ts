import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { link, mkdir, readdir, rm } from 'node:fs/promises';
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
  /** Table files, by name: they are whole. */
  readonly tables: readonly string[];
  /** All others. */
  readonly files: readonly SnapshotFile[];
  /** How long the writer stood still. */
  readonly pauseMs: number;
}

/** What a RocksDB directory is made of. OPTIONS and LOG files are not needed to open it. */
const filePattern = /^(CURRENT|IDENTITY|MANIFEST-\d+|\d+\.(sst|log))$/;

const tablePattern = /\.sst$/;

/** Flushes and compactions change the manifest; several in a row within milliseconds do not happen. */
const attemptsMax = 20;

/**
 * Links the table files of `catalog` into the new directory `target`, without holding anybody up: there may be thousands, and
 * what is linked before, the snapshot need not link while the writer stands still. Those that come or go meanwhile do no harm.
 */
export async function linkTablesAhead(catalog: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true, mode: 0o700 });
  for (const name of await readdir(catalog)) {
    if (!tablePattern.test(name)) continue;
    await link(join(catalog, name), join(target, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/**
 * Takes a snapshot of the database in `catalog` by hard links in the directory `target` of the same file system, in which there may
 * be tables from `linkTablesAhead`. Called on the thread that writes, so that the log stands still. Table files never change, logs and manifest are only appended to, and
 * RocksDB removes a file only after the manifest says so: when the manifest has not grown meanwhile, the files belong together.
 *
 * Throws `store-unavailable` when the manifest does not come to rest.
 */
export function linkCatalogSnapshot(catalog: string, target: string): CatalogSnapshot {
  const startedAt = performance.now();
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const linked = keepTables(target);
    const before = manifestOf(catalog);
    const linkedFiles = linkFiles(catalog, target, linked);
    const after = manifestOf(catalog);
    const isAtRest = before.name === after.name && before.bytes === after.bytes;
    if (linkedFiles !== undefined && isAtRest) {
      return { directory: target, ...linkedFiles, pauseMs: performance.now() - startedAt };
    }
  }
  rmSync(target, { recursive: true, force: true });
  throw new GantryError('store-unavailable', 'the catalogue did not come to rest for a snapshot');
}

function manifestOf(catalog: string): SnapshotFile {
  const name = readFileSync(join(catalog, 'CURRENT'), 'latin1').trim();
  return { name, bytes: statSync(join(catalog, name)).size };
}

/** Makes the directory, or leaves nothing in it but tables, whose names RocksDB does not use again; returns these. */
function keepTables(target: string): ReadonlySet<string> {
  mkdirSync(target, { recursive: true, mode: 0o700 });
  const names = readdirSync(target);
  for (const name of names) if (!tablePattern.test(name)) rmSync(join(target, name));
  return new Set(names.filter((name) => tablePattern.test(name)));
}

/** Undefined when RocksDB removed a file between the listing and the link. */
function linkFiles(
  catalog: string,
  target: string,
  linked: ReadonlySet<string>,
): Pick<CatalogSnapshot, 'tables' | 'files'> | undefined {
  const names = readdirSync(catalog).filter((name) => filePattern.test(name));
  try {
    for (const name of names) {
      if (!linked.has(name)) linkSync(join(catalog, name), join(target, name));
    }
    const tables = names.filter((name) => tablePattern.test(name));
    const others = names.filter((name) => !tablePattern.test(name));
    const files = others.map((name) => ({ name, bytes: statSync(join(target, name)).size }));
    return { tables, files };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
