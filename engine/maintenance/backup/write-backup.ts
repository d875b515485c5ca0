import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { closeSync, openSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { recordHeaderBytes } from '#engine/store/blob/record-header.js';
import { listSegmentFiles, syncDirectory } from '#engine/store/blob/segment-files.js';
import { ownFileKey } from '#engine/store/catalog/catalog-keys.js';
import type { StoreColumn } from '#engine/store/catalog/catalog-keys.js';
import type { SnapshotFile } from '#engine/store/catalog-snapshot.js';
import { dataDirectoryOf, derivedNames } from '#engine/store/data-directory.js';
import type { StoreSnapshot } from '#engine/threads/task-messages.js';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import type { SteppedWork } from '../throttle.js';
import { ownDirectoryOf, prepareBackupDirectory, writeManifest } from './backup-directory.js';
import type { BackupDirectory } from './backup-directory.js';
import { copyFile, linkFile, sizeOf } from './copy-file.js';

export interface BackupRequest {
  readonly dataDir: string;
  readonly target: string;
  readonly snapshot: StoreSnapshot;
  /** Says which files of spilled instances were committed. */
  readonly database: RocksdbDatabase<StoreColumn>;
}

export interface BackupReport {
  readonly sequence: number;
  readonly durationMs: number;
  /** How long the writer stood still. */
  readonly pauseMs: number;
  /** Of all that the backup consists of. */
  readonly bytes: number;
  readonly fileCount: number;
  /** What was not there from a backup before: copied, and linked because it never changes. */
  readonly copiedBytes: number;
  readonly linkedBytes: number;
}

/**
 * Writes the backup of a snapshot into a directory of backups: files that are there from an earlier one are not written again.
 * Nothing counts before the manifest, the last file, has its name.
 */
export function* writeBackup(request: BackupRequest): SteppedWork<BackupReport> {
  const startedAtMs = Date.now();
  const { dataDir, target, snapshot } = request;
  const paths = dataDirectoryOf(dataDir);
  const lineage = readFileSync(paths.lineageFile, 'utf8').trim();
  const backup = prepareBackupDirectory(target, dataDir, lineage);
  const { sequence, catalog } = snapshot;
  const own = ownDirectoryOf(backup, sequence);
  const draft = `${own}.draft`;
  rmSync(draft, { recursive: true, force: true });
  mkdirSync(draft, { mode: 0o700 });
  const counts: Counts = { copiedBytes: 0, linkedBytes: 0 };
  const segments = yield* copySegments(request, backup, counts);
  const tables = catalog.tables.map((name) => ({
    name,
    bytes: sizeOf(join(catalog.directory, name)),
  }));
  const files = [...catalog.files, ...tables];
  for (const { name, bytes } of files) {
    const isTable = name.endsWith('.sst');
    const from = join(catalog.directory, name);
    const to = join(isTable ? backup.tables : draft, name);
    if (isTable && sizeOf(to) === bytes) continue;
    yield* isTable ? linkOrCopy(from, to, bytes, counts) : copy(from, to, bytes, counts);
  }
  const others = yield* copyOthers(dataDir, draft, counts);
  const createdAt = new Date().toISOString();
  writeManifest(draft, { version: 1, sequence, createdAt, catalog: files, segments, others });
  for (const each of [backup.segments, backup.tables, draft]) syncDirectory(each);
  // The same sequence again: an instance may have moved since, nothing else.
  rmSync(own, { recursive: true, force: true });
  renameSync(draft, own);
  syncDirectory(backup.at);
  const all = [...files, ...segments];
  return {
    sequence,
    durationMs: Date.now() - startedAtMs,
    pauseMs: Math.round(catalog.pauseMs * 10) / 10,
    bytes: all.reduce((sum, file) => sum + file.bytes, 0),
    fileCount: all.length + others.length,
    ...counts,
  };
}

interface Counts {
  copiedBytes: number;
  linkedBytes: number;
}

/** The segments up to the one that was appended to, and the files of committed large instances. */
function* copySegments(
  { dataDir, snapshot, database }: BackupRequest,
  backup: BackupDirectory,
  counts: Counts,
): SteppedWork<SnapshotFile[]> {
  const copied: SnapshotFile[] = [];
  for (const { number, kind, path } of listSegmentFiles(dataDirectoryOf(dataDir).segments)) {
    if (kind === 'new' || (kind === 'seg' && number > snapshot.segment)) continue;
    if (kind === 'big' && database.get('default', ownFileKey(number)) === undefined) continue;
    const isActive = kind === 'seg' && number === snapshot.segment;
    const bytes = isActive ? snapshot.segmentEnd : sizeOf(path);
    const name = path.slice(dirname(path).length + 1);
    const to = join(backup.segments, name);
    copied.push({ name, bytes });
    if (sizeOf(to) === bytes && haveSameHead(path, to)) continue;
    yield* isActive ? copy(path, to, bytes, counts) : linkOrCopy(path, to, bytes, counts);
  }
  return copied;
}

/** What else lies in the data directory, such as remote AEs and commitment jobs: small files that are replaced whole. */
function* copyOthers(dataDir: string, draft: string, counts: Counts): SteppedWork<string[]> {
  const others: string[] = [];
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name).slice(join(dataDir, '/').length);
    if (!entry.isFile() || derivedNames.test(path)) continue;
    const to = join(draft, 'others', path);
    mkdirSync(dirname(to), { recursive: true, mode: 0o700 });
    try {
      yield* copy(join(dataDir, path), to, sizeOf(join(dataDir, path)), counts);
      others.push(path);
    } catch (error) {
      // Done with, and removed, since it was listed.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
  }
  return others;
}

function* copy(from: string, to: string, bytes: number, counts: Counts): SteppedWork<void> {
  yield* copyFile(from, to, bytes);
  counts.copiedBytes += bytes;
}

function* linkOrCopy(from: string, to: string, bytes: number, counts: Counts): SteppedWork<void> {
  if (linkFile(from, to)) counts.linkedBytes += bytes;
  else yield* copy(from, to, bytes, counts);
}

/** Whether two files begin with the same record: the number of a removed file may have been given to another. */
function haveSameHead(a: string, b: string): boolean {
  const [headA, headB] = [a, b].map((path) => {
    const head = Buffer.alloc(recordHeaderBytes);
    const fd = openSync(path, 'r');
    try {
      readSync(fd, head, 0, head.length, 0);
    } finally {
      closeSync(fd);
    }
    return head;
  });
  return headA!.equals(headB!);
}
