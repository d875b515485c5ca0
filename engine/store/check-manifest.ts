import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** RocksDB's log format: blocks of records, each behind a checksum, its length and its type; no record crosses a block. */
const blockBytes = 32 * 1024;
const headerBytes = 7;
const lengthAt = 4;
const typeAt = 6;
/** Full, first, middle and last piece of a record. Types from 5 on are of recycled logs, which a manifest never is. */
const typeMax = 4;

/**
 * Throws when the manifest of the RocksDB database in `directory` has a record of a kind that none has: RocksDB reads such a
 * record again for ever (one flipped bit makes one), and opening the database would not end. All other damage it finds itself.
 */
export function checkManifest(directory: string): void {
  const current = join(directory, 'CURRENT');
  if (!existsSync(current)) return;
  const path = join(directory, readFileSync(current, 'latin1').trim());
  if (!existsSync(path)) return;
  const fd = openSync(path, 'r');
  try {
    const block = Buffer.alloc(blockBytes);
    for (let position = 0; ; position += blockBytes) {
      const length = readSync(fd, block, 0, blockBytes, position);
      checkBlock(block.subarray(0, length));
      if (length < blockBytes) return;
    }
  } finally {
    closeSync(fd);
  }
}

function checkBlock(block: Buffer): void {
  for (let at = 0; at + headerBytes <= block.length;) {
    const type = block[at + typeAt]!;
    if (type > typeMax)
      throw new Error(`the manifest of the catalogue has a record of type ${type}`);
    at += headerBytes + block.readUInt16LE(at + lengthAt);
  }
}
