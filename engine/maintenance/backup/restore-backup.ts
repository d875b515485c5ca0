import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { GantryError } from '#engine/base/error-catalogue.js';
import { syncDirectory } from '#engine/store/blob/segment-files.js';
import { replaceFileSync } from '#engine/store/blob/write-file.js';
import { dataDirectoryOf, writeFormat } from '#engine/store/data-directory.js';
import { runThrottled, type SteppedWork } from '../throttle.js';
import { listBackups, openBackupDirectory, ownDirectoryOf } from './backup-directory.js';
import type { BackupDirectory, BackupManifest } from './backup-directory.js';
import { copyFile, sizeOf } from './copy-file.js';

export interface RestoreOptions {
  readonly from: string;
  /** Empty, or not there yet. */
  readonly dataDir: string;
  /** Restores the newest backup up to this change; the newest of all without it. */
  readonly sequence?: number;
}

export interface RestoreReport {
  /** The change log ends here. */
  readonly sequence: number;
  /** When the backup was made. */
  readonly createdAt: string;
  readonly bytes: number;
  readonly durationMs: number;
}

/**
 * Makes a data directory of a backup. The directory cannot be opened before it is whole, and begins a new lineage: it must not
 * write into the backups of the store that it was. Throws `bad-request` when the directory is not empty, `not-found` when there is
 * no such backup, `corrupt` when files of it are missing.
 */
export async function restoreBackup(
  options: RestoreOptions,
  onProgress: (bytesDone: number, bytesAll: number) => void,
): Promise<RestoreReport> {
  const startedAtMs = Date.now();
  const backup = openBackupDirectory(options.from);
  const manifest = chooseBackup(backup, options.sequence);
  const { dataDir } = options;
  if (existsSync(dataDir) && readdirSync(dataDir).length > 0) {
    throw new GantryError('bad-request', 'the data directory to restore into is not empty');
  }
  const all = [...manifest.catalog, ...manifest.segments];
  const bytes = all.reduce((sum, file) => sum + file.bytes, 0);
  let done = 0;
  const work = counted(copyAll(backup, manifest, dataDir), (count) => (done += count));
  await runThrottled(work, {
    bytesPerSecondMax: undefined,
    onStep: () => onProgress(done, bytes),
  });
  const { sequence, createdAt } = manifest;
  return { sequence, createdAt, bytes, durationMs: Date.now() - startedAtMs };
}

function chooseBackup(backup: BackupDirectory, sequence: number | undefined): BackupManifest {
  const all = listBackups(backup);
  const chosen = all.findLast((each) => sequence === undefined || each.sequence <= sequence);
  if (chosen !== undefined) return chosen;
  const known = all.map((each) => each.sequence).join(', ');
  throw new GantryError('not-found', `there are backups at the changes: ${known || 'none'}`);
}

function* copyAll(
  backup: BackupDirectory,
  manifest: BackupManifest,
  dataDir: string,
): SteppedWork<void> {
  const paths = dataDirectoryOf(dataDir);
  const own = ownDirectoryOf(backup, manifest.sequence);
  mkdirSync(paths.catalog, { recursive: true, mode: 0o700 });
  mkdirSync(paths.segments, { recursive: true, mode: 0o700 });
  replaceFileSync(paths.restoringFile, '');
  for (const { name, bytes } of manifest.catalog) {
    const from = join(name.endsWith('.sst') ? backup.tables : own, name);
    yield* copyChecked(from, join(paths.catalog, name), bytes);
  }
  for (const { name, bytes } of manifest.segments) {
    yield* copyChecked(join(backup.segments, name), join(paths.segments, name), bytes);
  }
  for (const path of manifest.others) {
    const from = join(own, 'others', path);
    mkdirSync(dirname(join(dataDir, path)), { recursive: true, mode: 0o700 });
    yield* copyFile(from, join(dataDir, path), sizeOf(from));
  }
  for (const directory of [paths.catalog, paths.segments]) syncDirectory(directory);
  replaceFileSync(paths.lineageFile, `${randomUUID()}\n`);
  writeFormat(paths);
  rmSync(paths.restoringFile);
  syncDirectory(dataDir);
}

function* copyChecked(from: string, to: string, bytes: number): SteppedWork<void> {
  if (sizeOf(from) < bytes) throw new GantryError('corrupt', `${from} is missing or too short`);
  yield* copyFile(from, to, bytes);
}

function* counted<Result>(
  work: SteppedWork<Result>,
  count: (bytes: number) => void,
): SteppedWork<Result> {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
    count(step.value);
    yield step.value;
  }
}
