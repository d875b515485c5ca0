import { GantryError } from '#engine/base/error-catalogue.js';
import type { BlobSource } from '../engine-types.js';
import type { InstanceRecord } from '#engine/store/catalog/catalog-records.js';
import { InflatedSource } from './inflated-source.js';
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
  return inflatedValue(new InflatedSource(deflated), value.offset, value.length);
}

/** A value that is read from its beginning on, as a rule, so that all in front of it is inflated once. */
function inflatedValue(inflated: InflatedSource, offset: number, length: number): BlobSource {
  return {
    length,
    read: async (position, target) => {
      const wanted = Math.min(target.length, length - position);
      for (let filled = 0; filled < wanted;) {
        const piece = await inflated.read(offset + position + filled, wanted - filled);
        if (piece.length === 0) {
          throw new GantryError('corrupt', 'the deflated data set is too short');
        }
        target.set(piece, filled);
        filled += piece.length;
      }
      return wanted;
    },
  };
}
