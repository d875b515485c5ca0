import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
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
import { segmentPath } from './blob/segment-files.js';
import { blobCrc32 } from './blob/segment-scan.js';
import { syncData, writeAllSync } from './blob/write-file.js';
import { storeStateKey } from './catalog/catalog-keys.js';
import type { StoreColumn } from './catalog/catalog-keys.js';
import { encodeStoreState, readStoreState } from './store-state.js';

/** A whole group behind the last one that RocksDB knows of. */
interface LoggedGroup {
  readonly sequenceAfter: number;
  readonly operations: Buffer;
  /** Where the next group begins. */
  readonly end: number;
}

/**
 * Applies the groups that are durable in the active segment and that RocksDB lost, because its log is not synced with each group:
 * after a loss of power those since its last sync, after a crash of the process at most the one in progress. A group counts when
 * all of it is there: its commit record, and behind every header the bytes with the checksum it names. Called before anything
 * else uses the store; returns the number of groups applied.
 */
export function recoverBlobLog(database: RocksdbDatabase<StoreColumn>, directory: string): number {
  const state = readStoreState(database);
  const path = segmentPath(directory, state.segment, 'seg');
  // A missing or short segment is reported by those who need it.
  if (state.segment === 0 || !existsSync(path)) return 0;
  const fd = openSync(path, 'r+');
  try {
    const batch = database.createBatch();
    let { sequence } = state;
    let end = endOfOwnCommit(fd, state.segmentEnd);
    let groupCount = 0;
    for (;;) {
      const group = readGroup(fd, end, sequence);
      if (group === undefined) break;
      // A crash of the process may have left the group written but not synced.
      if (groupCount === 0) syncData(fd);
      applyOperations(group.operations, batch);
      batch.write({ isSynced: false });
      ({ sequenceAfter: sequence, end } = group);
      groupCount += 1;
    }
    clearHeaderAt(fd, end);
    if (end !== state.segmentEnd) {
      const { segment } = state;
      batch.put('default', storeStateKey, encodeStoreState({ sequence, segment, segmentEnd: end }));
      batch.write({ isSynced: true });
    }
    return groupCount;
  } finally {
    closeSync(fd);
  }
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
