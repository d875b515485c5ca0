import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '#engine/base/error-catalogue.js';
import { replaceFileSync } from './blob/write-file.js';

/** Form of the data directory as a whole; raised when an older program could no longer read what a newer one wrote. */
const formatVersion = 1;

/** Where things lie in a data directory. */
export interface DataDirectory {
  /** RocksDB: records, change log, small blobs. */
  readonly catalog: string;
  /** Files of the blob log. */
  readonly segments: string;
  /** DuckDB's file, made again from the catalogue. */
  readonly index: string;
  /** Text `gantry <format version>`. */
  readonly formatFile: string;
  /** A UUID of the store, which a restored copy does not share: file numbers mean the same only within one lineage. */
  readonly lineageFile: string;
  /** There while a restore into the directory is not complete. */
  readonly restoringFile: string;
  /** There while the catalogue is rebuilt from the segments and not complete. */
  readonly rebuildingFile: string;
  /** Links to the catalogue while a backup is made. */
  readonly snapshot: string;
  /** Frames that were encoded ahead; may be deleted while the program is not running. */
  readonly derivedFrames: string;
}

/** Paths in a data directory that belong to the store or are made again from it; what else there is, others keep there. */
export const derivedNames =
  /^(catalog[./]|segments\/|snapshot\/|derived\/|FORMAT$|LINEAGE$|RESTORING$|REBUILDING$|index\.duckdb)|\.draft$/;

export function dataDirectoryOf(directory: string): DataDirectory {
  return {
    catalog: join(directory, 'catalog'),
    segments: join(directory, 'segments'),
    index: join(directory, 'index.duckdb'),
    formatFile: join(directory, 'FORMAT'),
    lineageFile: join(directory, 'LINEAGE'),
    restoringFile: join(directory, 'RESTORING'),
    rebuildingFile: join(directory, 'REBUILDING'),
    snapshot: join(directory, 'snapshot'),
    derivedFrames: join(directory, 'derived'),
  };
}

/**
 * Creates what is missing of a data directory, readable by its owner only. Throws `store-unavailable` when a newer program wrote
 * it, when a restore into it or a rebuild of its catalogue was cut off, when this process may not use it, or when there are
 * segments without their catalogue: a new catalogue would let them be overwritten.
 */
export function prepareDataDirectory(directory: string): DataDirectory {
  const paths = dataDirectoryOf(directory);
  try {
    createMissing(paths);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof GantryError) throw error;
    const reason = reasons[code] ?? code;
    throw new GantryError('store-unavailable', `the data directory cannot be used: ${reason}`, {
      cause: error,
    });
  }
  return paths;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this process has no permission',
  EPERM: 'this process has no permission',
  EROFS: 'the file system is read-only',
  ENOTDIR: 'a part of its path is no directory',
  EEXIST: 'a part of its path is no directory',
  ENOSPC: 'the file system is full',
};

function createMissing(paths: DataDirectory): void {
  if (existsSync(paths.restoringFile)) {
    throw new GantryError('store-unavailable', 'a restore was cut off: empty it and restore again');
  }
  if (existsSync(paths.rebuildingFile)) {
    throw new GantryError('store-unavailable', 'gantry rebuild-catalog was cut off: run it again');
  }
  mkdirSync(paths.catalog, { recursive: true, mode: 0o700 });
  mkdirSync(paths.segments, { recursive: true, mode: 0o700 });
  if (existsSync(paths.formatFile)) checkFormat(readFileSync(paths.formatFile, 'utf8'));
  if (!existsSync(join(paths.catalog, 'CURRENT')) && readdirSync(paths.segments).length > 0) {
    throw new GantryError(
      'store-unavailable',
      'the data directory has segments but no catalogue: restore a backup, or see gantry rebuild-catalog',
    );
  }
  if (!existsSync(paths.lineageFile)) replaceFileSync(paths.lineageFile, `${randomUUID()}\n`);
  if (!existsSync(paths.formatFile)) writeFormat(paths);
}

/** Throws `store-unavailable` when `text`, of the format file, names another format than that of this program. */
export function checkFormat(text: string): void {
  const version = Number(/^gantry (\d+)\n$/.exec(text)?.[1] ?? NaN);
  if (version === formatVersion) return;
  throw new GantryError(
    'store-unavailable',
    `the data directory has format ${Number.isNaN(version) ? 'unknown' : version}, this program reads ${formatVersion}`,
  );
}

/** Why a part of the store that a newer program wrote is not touched. */
export function newerVersion(what: string, found: number, known: number): GantryError {
  const detail = `the ${what} of the data directory have version ${found}, this program writes ${known}`;
  return new GantryError('store-unavailable', detail);
}

/** Declares the directory complete, in the form that this program writes. */
export function writeFormat({ formatFile }: DataDirectory): void {
  replaceFileSync(formatFile, `gantry ${formatVersion}\n`);
}
