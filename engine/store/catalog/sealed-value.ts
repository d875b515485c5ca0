import { crc32 } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';

/**
 * A value with a checksum of its own, for what is served as it lies: version u8, CRC-32 u32 (little-endian) of all that follows,
 * content.
 */
const sealBytes = 5;

/** A value of `contentBytes` bytes of content, to be filled in before `seal`. */
export function createSealable(version: number, contentBytes: number): Buffer {
  const value = Buffer.allocUnsafe(sealBytes + contentBytes);
  value[0] = version;
  return value;
}

/** The content of a value: a view. */
export function contentOf(value: Buffer): Buffer {
  return value.subarray(sealBytes);
}

export function seal(value: Buffer): Buffer {
  value.writeUInt32LE(crc32(contentOf(value)), 1);
  return value;
}

/** The content of a stored value: a view. Throws `corrupt` when it is not what was sealed; `name` says of what, for the log. */
export function unseal(value: Buffer, version: number, name: string): Buffer {
  if (value.length < sealBytes || value[0] !== version) {
    throw new GantryError('corrupt', `a ${name} of unknown form`);
  }
  const content = contentOf(value);
  if (crc32(content) !== value.readUInt32LE(1)) {
    throw new GantryError('corrupt', `a ${name} fails its checksum`);
  }
  return content;
}
