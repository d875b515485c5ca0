import { GantryError } from '#engine/base/error-catalogue.js';
import { itemHeaderBytes } from '#engine/dicom/pixel-data/frame-table.js';
import type { BlobSource } from '../engine-types.js';

/** (FFFE,E000) as a little endian word. */
const itemTagWord = 0xe000fffe;
/** Item headers read between two turns of the event loop. */
const headersAtOnce = 512;

/**
 * The values of the fragments in a range that begins with the item header of the first, one after another (PS3.5 §A.4): a video of
 * gigabytes, of which nothing is held but where its fragments lie. Rejects with `corrupt` when the item headers are not where
 * they must be.
 */
export async function fragmentedSource(
  range: BlobSource,
  fragmentCount: number,
): Promise<BlobSource> {
  const starts = new Float64Array(fragmentCount);
  /** Position in the joined bytes behind each fragment. */
  const ends = new Float64Array(fragmentCount);
  const header = Buffer.alloc(itemHeaderBytes);
  let from = 0;
  let length = 0;
  for (let fragment = 0; fragment < fragmentCount; fragment++) {
    if (from + itemHeaderBytes > range.length) throw notAnItem(fragment);
    const bytes = range.read(from, header);
    if (typeof bytes !== 'number') await bytes;
    else if (fragment % headersAtOnce === headersAtOnce - 1) await new Promise(setImmediate);
    if (header.readUInt32LE(0) !== itemTagWord) throw notAnItem(fragment);
    starts[fragment] = from + itemHeaderBytes;
    length += header.readUInt32LE(4);
    ends[fragment] = length;
    from += itemHeaderBytes + header.readUInt32LE(4);
  }
  if (from !== range.length) throw new GantryError('corrupt', 'a frame has bytes after its items');
  /** As far as one fragment goes. */
  const readFragment = (position: number, target: Uint8Array): number | Promise<number> => {
    const fragment = firstBehind(ends, position);
    const rest = ends[fragment]! - position;
    const before = fragment === 0 ? 0 : ends[fragment - 1]!;
    const start = starts[fragment]! + position - before;
    return range.read(start, target.subarray(0, Math.min(rest, target.length)));
  };
  return {
    length,
    read: async (position, target) => {
      const wanted = Math.min(target.length, length - position);
      let filled = 0;
      while (filled < wanted) {
        filled += await readFragment(position + filled, target.subarray(filled));
      }
      return filled;
    },
  };
}

/** Index of the first end behind the position. */
function firstBehind(ends: Float64Array, position: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ends[middle]! > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

function notAnItem(fragment: number): GantryError {
  return new GantryError('corrupt', `fragment ${fragment + 1} of a frame is not an item`);
}
