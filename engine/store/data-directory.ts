import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { GantryError } from '#engine/base/error-catalogue.js';
import { syncDirectory } from './blob/segment-files.js';

/** Form of the data directory as a whole; raised when an older program could no longer read what a newer one wrote. */
const formatVersion = 1;

/** Where things lie in a data directory. */
export interface DataDirectory {
  /** RocksDB: records, change log, small blobs. */
  readonly catalog: string;
  /** Files of the blob log. */
  readonly segments: string;
  /** Text `gantry <format version>`. */
  readonly formatFile: string;
}

export function dataDirectoryOf(directory: string): DataDirectory {
  return {
    catalog: join(directory, 'catalog'),
    segments: join(directory, 'segments'),
    formatFile: join(directory, 'FORMAT'),
  };
}

/**
 * Creates what is missing of a data directory, readable by its owner only. Throws `store-unavailable` when a newer program wrote
 * it, or when there are segments without their catalogue: a new catalogue would let them be overwritten.
 */
export function prepareDataDirectory(directory: string): DataDirectory {
  const paths = dataDirectoryOf(directory);
  mkdirSync(paths.catalog, { recursive: true, mode: 0o700 });
  mkdirSync(paths.segments, { recursive: true, mode: 0o700 });
  if (existsSync(paths.formatFile)) checkFormat(readFileSync(paths.formatFile, 'utf8'));
  if (!existsSync(join(paths.catalog, 'CURRENT')) && readdirSync(paths.segments).length > 0) {
    throw new GantryError('store-unavailable', 'the data directory has segments but no catalogue');
  }
  if (!existsSync(paths.formatFile)) writeFormat(directory, paths.formatFile);
  return paths;
}

function checkFormat(text: string): void {
  const version = Number(/^gantry (\d+)\n$/.exec(text)?.[1] ?? NaN);
  if (version === formatVersion) return;
  throw new GantryError(
    'store-unavailable',
    `the data directory has format ${Number.isNaN(version) ? 'unknown' : version}, this program reads ${formatVersion}`,
  );
}

function writeFormat(directory: string, path: string): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, `gantry ${formatVersion}\n`, { mode: 0o600, flush: true });
  renameSync(draft, path);
  syncDirectory(directory);
}
