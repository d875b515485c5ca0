import { GantryError } from '#engine/base/error-catalogue.js';
import type { RocksdbDatabase } from '#native-bindings/rocksdb/rocksdb-database.js';
import { storeStateKey } from './catalog/catalog-keys.js';
import type { StoreColumn } from './catalog/catalog-keys.js';

/** What the store thread must know after a restart; written with every commit group. */
export interface StoreState {
  /** Last sequence of the change log; 0 in an empty store. */
  readonly sequence: number;
  /** The segment file that is appended to, 0 before the first, and where its committed records end. */
  readonly segment: number;
  readonly segmentEnd: number;
}

/** version u8, sequence f64, segment u32, segmentEnd f64 (little-endian) */
const stateVersion = 1;
const stateBytes = 21;

export function encodeStoreState(state: StoreState): Buffer {
  const bytes = Buffer.allocUnsafe(stateBytes);
  bytes[0] = stateVersion;
  bytes.writeDoubleLE(state.sequence, 1);
  bytes.writeUInt32LE(state.segment, 9);
  bytes.writeDoubleLE(state.segmentEnd, 13);
  return bytes;
}

/** The state that the last commit group wrote. Throws `corrupt`. */
export function readStoreState(database: RocksdbDatabase<StoreColumn>): StoreState {
  const bytes = database.get('default', storeStateKey);
  if (bytes === undefined) return { sequence: 0, segment: 0, segmentEnd: 0 };
  if (bytes.length !== stateBytes || bytes[0] !== stateVersion) {
    throw new GantryError('corrupt', 'the state of the store has an unknown form');
  }
  return {
    sequence: bytes.readDoubleLE(1),
    segment: bytes.readUInt32LE(9),
    segmentEnd: bytes.readDoubleLE(13),
  };
}
