import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { crc32 } from 'node:zlib';
import { applyOperations } from '#native-bindings/rocksdb/batch-operations.js';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import {
  commitHeadBytes,
  commitRecordBytes,
  hasCommitMagic,
  readCommitHead,
} from './blob/commit-record.js';
import type { ReadCommitHead } from './blob/commit-record.js';
import {
  hasRecordMagic,
  readRecordHeader,
  recordAlignmentBytes,
  recordBytes,
  recordHeaderBytes,
} from './blob/record-header.js';
import { listSegmentFiles, segmentPath, type SegmentFile } from './blob/segment-files.js';
import { blobCrc32 } from './blob/segment-scan.js';
import { syncData, writeAllSync } from './blob/write-file.js';
import { ownFileKey, storeStateKey } from './catalog/catalog-keys.js';
import type { StoreColumn } from './catalog/catalog-keys.js';
import { encodeStoreState, readStoreState, type StoreState } from './store-state.js';

/** A whole group behind the last one that RocksDB knows of. */
interface LoggedGroup {
  readonly sequenceAfter: number;
  readonly operations: Buffer;
  /** Where the next group begins. */
  readonly end: number;
}

/** Changes that were committed and are not in the catalogue any more, nor can be taken from the segments one after another. */
export interface LostChanges {
  /** The last one that is there. */
  readonly after: number;
  /** The last one that a commit record names. */
  readonly upTo: number;
}

/**
 * Applies the groups that are durable in the active segment, and in those begun behind it, and that RocksDB lost, because its log is
 * not synced with each group: after a loss of power those since its last sync, after a crash of the process at most the one in
 * progress. A group counts when all of it is there: its commit record, and behind every header the bytes with the checksum it
 * names. Called before anything else uses the store.
 *
 * A commit record behind them that follows a later change than the last one proves that RocksDB lost what it had synced: its log
 * is damaged. That is returned, and nothing is changed that lies there.
 */
export function recoverBlobLog(
  database: RocksdbDatabase<StoreColumn>,
  directory: string,
): LostChanges | undefined {
  const state = readStoreState(database);
  if (state.segment === 0) return undefined;
  const batch = database.createBatch();
  let { sequence } = state;
  let place = { segment: state.segment, segmentEnd: state.segmentEnd };
  let upTo = 0;
  // A missing or short segment is reported by those who need it.
  for (const { number, path } of segmentsFrom(directory, state.segment)) {
    const fd = openSync(path, 'r+');
    try {
      const isActive = number === state.segment;
      let end = isActive ? endOfOwnCommit(fd, state.segmentEnd) : 0;
      for (let groupCount = 0; ; groupCount++) {
        const group = readGroup(fd, end, sequence);
        if (group === undefined) break;
        // A crash of the process may have left the group written but not synced.
        if (groupCount === 0) syncData(fd);
        applyOperations(group.operations, batch);
        batch.write({ isSynced: false });
        ({ sequenceAfter: sequence, end } = group);
        place = { segment: number, segmentEnd: end };
      }
      if (isActive) place = { segment: number, segmentEnd: end };
      const last = lastCommitFrom(fd, end);
      if (last !== undefined && last.sequenceBefore > sequence) upTo = last.sequenceAfter;
      else if (number === place.segment) clearHeaderAt(fd, end);
    } finally {
      closeSync(fd);
    }
  }
  const recovered = { sequence, ...place };
  if (!isDeepStrictEqual(recovered, state)) writeState(database, recovered);
  return upTo === 0 ? undefined : { after: sequence, upTo };
}

/**
 * Goes on without the changes that were lost: none of their numbers is used again, nothing is written over what the segments
 * hold of them, and files of single instances that nothing names are kept as `….kept`.
 */
export function acceptLoss(
  database: RocksdbDatabase<StoreColumn>,
  directory: string,
  { upTo }: LostChanges,
): void {
  const { segment, ...state } = readStoreState(database);
  for (const { number, kind, path } of listSegmentFiles(directory)) {
    const isLost = kind === 'big' && database.get('default', ownFileKey(number)) === undefined;
    if (isLost) renameSync(path, `${path}.kept`);
  }
  const active = statSync(segmentPath(directory, segment, 'seg'), { throwIfNoEntry: false });
  const used = (active?.size ?? state.segmentEnd) / recordAlignmentBytes;
  const segmentEnd = Math.ceil(used) * recordAlignmentBytes;
  writeState(database, { sequence: upTo, segment, segmentEnd });
}

function writeState(database: RocksdbDatabase<StoreColumn>, state: StoreState): void {
  const batch = database.createBatch();
  batch.put('default', storeStateKey, encodeStoreState(state));
  batch.write({ isSynced: true });
}

function segmentsFrom(directory: string, first: number): SegmentFile[] {
  return listSegmentFiles(directory).filter(
    ({ kind, number }) => kind === 'seg' && number >= first,
  );
}

/** Behind the commit record of the group that ends at `position`, if it has one. */
function endOfOwnCommit(fd: number, position: number): number {
  const head = commitHeadAt(fd, position);
  return head === undefined || head.groupStart >= position
    ? position
    : position + commitRecordBytes(head.operationsLength);
}

/** The group that begins at `start` and follows `sequence`; undefined when there is none, or not all of it. */
function readGroup(fd: number, start: number, sequence: number): LoggedGroup | undefined {
  let at = start;
  let recordCount = 0;
  let headersCrc32 = 0;
  for (;;) {
    const head = bytesAt(fd, at, recordHeaderBytes);
    if (head === undefined || !hasRecordMagic(head)) break;
    const length = intactBlobLength(fd, at, head);
    if (length === undefined) return undefined;
    headersCrc32 = crc32(head, headersCrc32);
    recordCount += 1;
    at += recordBytes(length);
  }
  const commit = commitHeadAt(fd, at);
  // Another group's commit record can lie here, left by an attempt that came to nothing.
  const isIts =
    commit?.groupStart === start &&
    commit.recordCount === recordCount &&
    commit.headersCrc32 === headersCrc32 &&
    commit.sequenceBefore === sequence;
  if (!isIts) return undefined;
  const { operationsLength, operationsCrc32, sequenceAfter } = commit;
  const operations = bytesAt(fd, at + commitHeadBytes, operationsLength);
  if (operations === undefined || crc32(operations) !== operationsCrc32) return undefined;
  return { sequenceAfter, operations, end: at + commitRecordBytes(operationsLength) };
}

/** The last commit record of the unbroken row of records that begins at `position`: what senders sent is passed over as a whole. */
function lastCommitFrom(fd: number, position: number): ReadCommitHead | undefined {
  let last: ReadCommitHead | undefined;
  for (let at = position; ;) {
    const head = bytesAt(fd, at, recordHeaderBytes);
    if (head === undefined) return last;
    const length = hasRecordMagic(head) ? blobLengthIn(head) : undefined;
    const commit = length === undefined ? commitHeadAt(fd, at) : undefined;
    if (length !== undefined) at += recordBytes(length);
    else if (commit !== undefined) at += commitRecordBytes(commit.operationsLength);
    else return last;
    last = commit ?? last;
  }
}

function blobLengthIn(head: Buffer): number | undefined {
  try {
    return readRecordHeader(head).blobLength;
  } catch {
    return undefined;
  }
}

/** Length of the blob behind a header, undefined when header or blob fail their checksum. */
function intactBlobLength(fd: number, at: number, head: Buffer): number | undefined {
  try {
    const { blobOffset, blobLength, blobCrc32: expected } = readRecordHeader(head);
    return blobCrc32(fd, at + blobOffset, blobLength) === expected ? blobLength : undefined;
  } catch {
    return undefined;
  }
}

function commitHeadAt(fd: number, position: number): ReadCommitHead | undefined {
  const bytes = bytesAt(fd, position, commitHeadBytes);
  if (bytes === undefined || !hasCommitMagic(bytes)) return undefined;
  try {
    return readCommitHead(bytes);
  } catch {
    return undefined;
  }
}

/** Exactly `length` bytes, undefined when the file does not have them. */
function bytesAt(fd: number, position: number, length: number): Buffer | undefined {
  // Asked before, because a damaged length could be anything.
  if (position + length > fstatSync(fd).size) return undefined;
  const bytes = Buffer.allocUnsafe(length);
  return readSync(fd, bytes, 0, length, position) === length ? bytes : undefined;
}

/** What a crash left behind the last group must not be taken for a group when the log has grown up to it. */
function clearHeaderAt(fd: number, position: number): void {
  const bytes = bytesAt(fd, position, recordAlignmentBytes);
  if (bytes === undefined || !(hasRecordMagic(bytes) || hasCommitMagic(bytes))) return;
  writeAllSync(fd, [bytes.fill(0)], position);
  syncData(fd);
}
