import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { GantryError } from '#engine/base/error-catalogue.js';
import type { SnapshotFile } from '#engine/store/catalog-snapshot.js';
import { replaceFileSync } from '#engine/store/blob/write-file.js';

/** What one backup consists of; files are named as in the data directory and may have grown beyond `bytes` since. */
export interface BackupManifest {
  readonly version: 1;
  readonly sequence: number;
  readonly createdAt: string;
  /** In `tables` when they are table files, else beside the manifest. */
  readonly catalog: readonly SnapshotFile[];
  /** In `segments`. */
  readonly segments: readonly SnapshotFile[];
  /** Files of the data directory besides catalogue, segments and index, beside the manifest; paths with `/`. */
  readonly others: readonly string[];
}

/**
 * A directory with backups of one store. Files that never change are in it once, for all backups that need them:
 *
 * `BACKUP` format and lineage · `segments/00000001.seg` · `tables/000012.sst` · `at/000000000042/` the rest of the backup at change
 * 42, with `manifest.json`, which is written last
 */
export interface BackupDirectory {
  readonly root: string;
  readonly segments: string;
  readonly tables: string;
  readonly at: string;
}

const formatLine = 'gantry-backup 1';
const manifestName = 'manifest.json';
const sequenceDigits = 16;

function pathsOf(root: string): BackupDirectory {
  return {
    root,
    segments: join(root, 'segments'),
    tables: join(root, 'tables'),
    at: join(root, 'at'),
  };
}

/**
 * Opens or creates the directory for backups of the store with this lineage. Throws `bad-request` when it lies in the data
 * directory (or the other way round), belongs to another store, or holds something else.
 */
export function prepareBackupDirectory(
  target: string,
  dataDir: string,
  lineage: string,
): BackupDirectory {
  const root = realPathOf(target);
  const data = realPathOf(dataDir);
  if (isWithin(root, data) || isWithin(data, root)) {
    throw new GantryError('bad-request', 'the backup and the data directory must lie apart');
  }
  const paths = pathsOf(root);
  const mark = join(root, 'BACKUP');
  if (existsSync(mark)) {
    if (readMark(mark).lineage !== lineage) {
      throw new GantryError(
        'bad-request',
        'the directory holds backups of another store, or of this one before it was restored',
      );
    }
  } else if (existsSync(root) && readdirSync(root).length > 0) {
    throw new GantryError('bad-request', 'the directory holds something that is no backup');
  }
  for (const path of [paths.segments, paths.tables, paths.at]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  }
  replaceFileSync(mark, `${formatLine}\n${lineage}\n`);
  return paths;
}

/** Opens a directory to restore from. Throws `not-found` when there is no backup. */
export function openBackupDirectory(source: string): BackupDirectory {
  const mark = join(source, 'BACKUP');
  if (!existsSync(mark)) throw new GantryError('not-found', 'the directory holds no backup');
  readMark(mark);
  return pathsOf(source);
}

function readMark(path: string): { readonly lineage: string } {
  const [format, lineage] = readFileSync(path, 'utf8').split('\n');
  if (format !== formatLine || lineage === undefined) {
    throw new GantryError('bad-request', `the backup has format ${format}, not ${formatLine}`);
  }
  return { lineage };
}

/** Where the files of the backup at a change lie that it shares with no other. */
export function ownDirectoryOf({ at }: BackupDirectory, sequence: number): string {
  return join(at, String(sequence).padStart(sequenceDigits, '0'));
}

export function writeManifest(directory: string, manifest: BackupManifest): void {
  replaceFileSync(join(directory, manifestName), `${JSON.stringify(manifest, null, 1)}\n`);
}

/** The complete backups, oldest first. */
export function listBackups(backup: BackupDirectory): BackupManifest[] {
  return readdirSync(backup.at)
    .filter((name) => /^\d+$/.test(name))
    .sort()
    .map((name) => join(backup.at, name, manifestName))
    .filter((path) => existsSync(path))
    .map((path) => JSON.parse(readFileSync(path, 'utf8')) as BackupManifest);
}

/** The real path, also of something that does not exist yet. */
function realPathOf(path: string): string {
  const absolute = resolve(path);
  if (existsSync(absolute)) return realpathSync(absolute);
  const parent = dirname(absolute);
  return parent === absolute ? absolute : join(realPathOf(parent), absolute.slice(parent.length));
}

function isWithin(path: string, directory: string): boolean {
  return (
    path === directory || path.startsWith(directory.endsWith(sep) ? directory : directory + sep)
  );
}
