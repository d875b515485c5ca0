import { createInflateRaw } from 'node:zlib';
import { GantryError } from '#engine/base/error-catalogue.js';
import { limits } from '#engine/base/limits.js';
import type { BlobSource } from '../engine-types.js';

const readBytes = 256 * 1024;

/**
 * Bytes `[offset, offset + length)` of a deflated data set (PS3.5 §A.5) after inflation. There is no random access into a
 * deflate stream: everything in front is inflated too, off this thread, and dropped. `length` was checked against the inflated
 * size at ingest.
 */
export async function inflateRange(
  deflated: BlobSource,
  offset: number,
  length: number,
): Promise<Uint8Array> {
  if (offset + length > limits.inflatedBytesMax) throw new GantryError('limit-exceeded');
  const inflate = createInflateRaw();
  const result = Buffer.allocUnsafeSlow(length);
  let position = 0;
  let isComplete = false;
  const done = new Promise<void>((resolve, reject) => {
    inflate.on('error', reject);
    inflate.on('end', resolve);
    inflate.on('data', (piece: Buffer) => {
      const start = Math.max(offset - position, 0);
      const target = Math.max(position - offset, 0);
      if (start < piece.length && target < length) piece.copy(result, target, start);
      position += piece.length;
      isComplete ||= position >= offset + length;
      if (isComplete) resolve();
    });
  });
  try {
    await Promise.race([done, feed(deflated, inflate, () => isComplete)]);
    await done;
  } catch (cause) {
    throw new GantryError('corrupt', 'the deflated data set cannot be inflated', { cause });
  } finally {
    inflate.destroy();
  }
  if (!isComplete) throw new GantryError('corrupt', 'the deflated data set is too short');
  return result;
}

async function feed(
  deflated: BlobSource,
  inflate: ReturnType<typeof createInflateRaw>,
  isComplete: () => boolean,
): Promise<void> {
  for (let position = 0; position < deflated.length && !isComplete();) {
    // The stream keeps what it is given until it has inflated it, so every piece is a buffer of its own.
    const piece = Buffer.allocUnsafeSlow(Math.min(readBytes, deflated.length - position));
    position += await deflated.read(position, piece);
    if (isComplete()) return;
    if (!inflate.write(piece)) {
      await new Promise<void>((resolve) => {
        inflate.once('drain', resolve);
        inflate.once('close', resolve);
      });
    }
  }
  inflate.end();
}
