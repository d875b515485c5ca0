import type { BlobSource, TranscodedInstance } from '#engine/engine-types.js';
import type { DataSetSource } from './operation-invoker.js';
import { waitWhileBusy } from './wait-while-busy.js';

/**
 * The bytes of an instance from `offset` on, to be sent. Each piece is a buffer of its own, because a connection keeps what
 * it is given until the peer has taken it.
 */
export function blobDataSet(blob: BlobSource | TranscodedInstance, offset: number): DataSetSource {
  const length = blob.length === undefined ? undefined : blob.length - offset;
  return {
    length,
    read: async (position, lengthMax) => {
      const piece = Buffer.allocUnsafeSlow(Math.min(lengthMax, (length ?? Infinity) - position));
      const bytesRead = await waitWhileBusy(() => blob.read(offset + position, piece));
      return piece.subarray(0, bytesRead);
    },
  };
}
