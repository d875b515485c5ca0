import type { BlobSource } from '../engine-types.js';
import type { LentFrame } from './frame-cache.js';

/**
 * A lent frame to be read: it is given back when its end was read, so that its memory serves the next one. Read once more after
 * that, it is lent by `lendAgain`. One that is never read to its end is not given back, and costs no more than that.
 */
export function lentFrameSource(frame: LentFrame, lendAgain: () => Promise<LentFrame>): BlobSource {
  const { length } = frame.bytes;
  let held: LentFrame | undefined = frame;
  const copy = (from: LentFrame, position: number, target: Uint8Array): number => {
    const piece = from.bytes.subarray(position, position + target.length);
    target.set(piece);
    held = from;
    if (position + piece.length < length) return piece.length;
    held = undefined;
    from.giveBack();
    return piece.length;
  };
  return {
    length,
    read: (position, target) => {
      if (position >= length) return 0;
      if (held !== undefined) return copy(held, position, target);
      return lendAgain().then((again) => copy(again, position, target));
    },
  };
}
