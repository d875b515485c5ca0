import { GantryError } from '#engine/base/error-catalogue.js';
import type { ChangeRecord } from './catalog-records.js';

/**
 * Entries of the change log: version u8, action u8, partition u32, timeMs f64 (little-endian), study NUL series NUL instance.
 * The sequence is the key.
 */
const changeVersion = 1;
const headBytes = 14;

const actions = ['create', 'delete', 'replace', 'restore'] as const;

export function encodeChange(change: ChangeRecord): Buffer {
  const uids = `${change.studyInstanceUid}\0${change.seriesInstanceUid}\0${change.sopInstanceUid}`;
  const bytes = Buffer.allocUnsafe(headBytes + uids.length);
  bytes[0] = changeVersion;
  bytes[1] = actions.indexOf(change.action);
  bytes.writeUInt32LE(change.partition, 2);
  bytes.writeDoubleLE(change.timeMs, 6);
  bytes.write(uids, headBytes, 'latin1');
  return bytes;
}

/** Throws `corrupt`. */
export function decodeChange(sequence: number, bytes: Buffer): ChangeRecord {
  const action = actions[bytes[1] ?? -1];
  const uids = bytes.toString('latin1', headBytes).split('\0');
  const [studyInstanceUid, seriesInstanceUid, sopInstanceUid] = uids;
  if (
    bytes[0] !== changeVersion ||
    action === undefined ||
    studyInstanceUid === undefined ||
    seriesInstanceUid === undefined ||
    sopInstanceUid === undefined
  ) {
    throw new GantryError('corrupt', 'a change record of unknown form');
  }
  return {
    sequence,
    partition: bytes.readUInt32LE(2),
    action,
    timeMs: bytes.readDoubleLE(6),
    studyInstanceUid,
    seriesInstanceUid,
    sopInstanceUid,
  };
}

/** Where the change log of a rebuilt catalogue begins: version u8, f64 (little-endian) the sequence that it lies behind. */
const startBytes = 9;

export function encodeChangeLogStart(sequence: number): Buffer {
  const bytes = Buffer.allocUnsafe(startBytes);
  bytes[0] = changeVersion;
  bytes.writeDoubleLE(sequence, 1);
  return bytes;
}

/** Throws `corrupt`. */
export function decodeChangeLogStart(bytes: Buffer): number {
  if (bytes.length !== startBytes || bytes[0] !== changeVersion) {
    throw new GantryError('corrupt', 'the start of the change log has an unknown form');
  }
  return bytes.readDoubleLE(1);
}
