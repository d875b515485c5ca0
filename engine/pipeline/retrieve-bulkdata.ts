import type { BlobSource } from '../engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { inflateRange } from './inflate-range.js';
import type { InstanceLayouts } from './instance-layouts.js';
import { swappedSource, swappedWordBytes } from './little-endian-words.js';
import type { BlobRangeReader } from './read-blob.js';
import { openBlobSource } from './retrieve-instance.js';

export interface BulkValueAddress {
  readonly partition: number;
  readonly record: InstanceRecord;
  /** Attribute path as in `BulkValue`. */
  readonly path: string;
}

/**
 * The value at an attribute path that metadata gave a BulkDataURI, little endian (PS3.18 §8.7.3.3); undefined when there is none
 * (§10.4.1.1.5).
 */
export function retrieveBulkValue(
  reader: BlobRangeReader,
  layouts: InstanceLayouts,
  { partition, record, path }: BulkValueAddress,
): BlobSource | undefined {
  const layout = layouts.layoutOf(partition, record);
  const value = layout.bulkValues.find((candidate) => candidate.path === path);
  if (value === undefined) return undefined;
  const address = { partition, record };
  if (!layout.deflated) {
    const is32Bit = (): boolean => layouts.findBitsAllocated(partition, record) === 32;
    const source = openBlobSource(reader, address, value.offset, value.length);
    return swappedSource(source, swappedWordBytes(layout, value, is32Bit));
  }
  const deflated = openBlobSource(reader, address, layout.dataSetOffset);
  return {
    length: value.length,
    read: async (position, target) => {
      const length = Math.min(target.length, value.length - position);
      target.set(await inflateRange(deflated, value.offset + position, length));
      return length;
    },
  };
}
