import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';

/** Frame numbers of a `/frames/{list}` resource: comma-separated, 1-based, in the order asked for (PS3.18 §10.4.1.1.2). */
export function parseFrameList(text: string): number[] {
  const items = text.split(',');
  if (items.length > limits.frameListMax) {
    throw new GantryError('bad-request', 'the frame list is too long');
  }
  return items.map((item) => {
    const number = /^[0-9]{1,9}$/.test(item.trim()) ? Number(item) : 0;
    if (number < 1) throw new GantryError('bad-request', 'frame numbers are integers from 1');
    return number;
  });
}
