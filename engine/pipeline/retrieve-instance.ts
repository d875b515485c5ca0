import type { RecycledMemory } from '#engine/base/recycled-memory.js';
import type { CatalogReader } from '#engine/store/catalog/catalog-reader.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import type { BlobSource, RetrieveTarget } from '../engine-types.js';
import type { BlobAddress, BlobRangeReader } from './read-blob.js';

/** The stored bytes `[offset, offset + length)` of a blob, read piece by piece. */
export function openBlobSource(
  reader: BlobRangeReader,
  address: BlobAddress,
  offset = 0,
  length = address.record.blob.length - offset,
): BlobSource {
  return {
    length,
    read: (position, target) =>
      reader.read(address, offset + position, target.subarray(0, length - position)),
    pieceBytes: (position, bytesMax) =>
      bytesMax >= length - position
        ? length - position
        : reader.wholeBlocksBytes(address, offset + position, bytesMax),
  };
}

/** The bytes of an instance as they were stored. Throws `corrupt` for one that is known to be damaged. */
export function retrieveInstance(reader: BlobRangeReader, address: BlobAddress): BlobSource {
  reader.refuseDamaged(address);
  return openBlobSource(reader, address);
}

/** Bytes that are in memory already. */
export function bytesSource(bytes: Uint8Array): BlobSource {
  return {
    length: bytes.length,
    read: (position, target) => {
      const piece = bytes.subarray(position, position + target.length);
      target.set(piece);
      return piece.length;
    },
  };
}

/** The whole of a source that is known to be small enough for memory. */
export async function readWhole(source: BlobSource): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(source.length);
  await source.read(0, bytes);
  return bytes;
}

/** As `readWhole`, into memory that was used before. */
export async function readInto(source: BlobSource, memory: RecycledMemory): Promise<Uint8Array> {
  const bytes = new Uint8Array(memory.take(source.length), 0, source.length);
  await source.read(0, bytes);
  return bytes;
}

/** Records read at a time: enough to amortise a step, few enough to hold the event loop for about a millisecond. */
const pageRecords = 128;

/** The instances of a target in the order of their UIDs, a page at a time. */
export function* instancePages(
  reader: CatalogReader,
  { partition, studyInstanceUid, seriesInstanceUid, sopInstanceUid }: RetrieveTarget,
): Generator<readonly InstanceRecord[]> {
  if (seriesInstanceUid !== undefined && sopInstanceUid !== undefined) {
    const key = { studyInstanceUid, seriesInstanceUid, sopInstanceUid };
    const record = reader.findInstance(partition, key);
    if (record !== undefined) yield [record];
    return;
  }
  let page: InstanceRecord[] = [];
  for (const record of reader.instances(partition, studyInstanceUid, seriesInstanceUid)) {
    page.push(record);
    if (page.length < pageRecords) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
